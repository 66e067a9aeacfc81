import { does, leaves, queues, sources, streams, type Behaviour } from '../behaviour.ts'

/** What AWS's behaviour has no section for is in architecture §2. */
export const access: readonly Behaviour[] = [
  does(
    'access.endpoints',
    'architecture §2',
    sources,
    "Endpoints come from the settings, else by the SDK's own rules: AWS_ENDPOINT_URL and its forms by service, profiles.",
  ),
  does('access.queue-url', '§13.3', queues, 'A QueueUrl is used as the service returned it, sent to the endpoint.'),
  does(
    'access.region',
    'architecture §2',
    sources,
    'Requests are signed for the region of the ARN; made-up regions of emulators for the configured one.',
  ),
  does(
    'access.dummies',
    'architecture §2',
    sources,
    'Without credentials an endpoint that is not AWS gets dummy ones that name the account; said once.',
  ),
  does(
    'access.renewal',
    'architecture §2',
    sources,
    'Credentials that expire are renewed ahead; a failure is paced, shown and never fatal.',
  ),
  does(
    'access.proxies',
    'architecture §2',
    sources,
    'HTTPS_PROXY, HTTP_PROXY and NO_PROXY hold; this machine is never behind them.',
  ),
  does(
    'access.trust',
    'architecture §2',
    sources,
    'Certificates are judged by AWS_CA_BUNDLE, aws.caFile and aws.insecure, and by service with aws.trust.',
  ),
  does('access.pools', '§13.14', sources, 'Receiving, deleting and invoking have connections of their own.'),
  does(
    'access.few-sockets',
    '§13.14',
    streams,
    'Shards share a bounded number of connections to their service, however many there are.',
  ),
  does('access.long-silence', '§13.11', sources, 'A connection may be silent for as long as its function runs.'),
]

export const functionsAndUpstream: readonly Behaviour[] = [
  does(
    'facade.invoke',
    'architecture §2',
    sources,
    'Functions of the config answer Invoke: synchronously, asynchronously with 202, dry with 204, by any form of their name.',
  ),
  leaves(
    [
      'facade.async-retries',
      'architecture §2',
      sources,
      'A failed asynchronous invocation is run twice more, then told to a destination.',
    ],
    'Asynchronous invocations are none of event source mappings: one that failed is said in the log. Only what did not run is tried again.',
  ),
  does(
    'facade.stream',
    'architecture §2',
    sources,
    'InvokeWithResponseStream of a function of the config is answered: the whole answer as one chunk of the event stream.',
  ),
  does(
    'facade.client-context',
    'architecture §2',
    sources,
    'The client context of a synchronous invocation arrives at the function.',
  ),
  leaves(
    ['facade.log-tail', 'architecture §2', sources, 'LogType Tail shows the end of the log in the answer.'],
    'The functions of the config run elsewhere, and their logs stay there: the header changes nothing, the answer has no LogResult.',
  ),
  does(
    'facade.show',
    'architecture §2',
    sources,
    'GetFunction, GetFunctionConfiguration, ListFunctions and ListVersionsByFunction show them as the CLI and Terraform expect.',
  ),
  does(
    'pass.through',
    'architecture §2',
    sources,
    'Every other path of Lambda goes to the Lambda endpoint behind, as far as passThrough lets it, and its answer back: streamed, all headers but the hop-by-hop and CORS ones untouched.',
  ),
  does(
    'upstream.none',
    'architecture §2',
    sources,
    'A create is refused where the endpoint has no Lambda and the config no such function; it says what to set.',
  ),
  does(
    'upstream.alias',
    'architecture §2',
    sources,
    'A qualifier is missing only where GetFunctionConfiguration and GetFunction both say so: LocalStack knows an alias by the latter alone.',
  ),
  does(
    'access.signatures',
    'architecture §2',
    sources,
    'With server.auth: sigv4 requests must be signed as AWS wants them: clock, scope, signed headers, session token.',
  ),
  leaves(
    ['access.iam', 'architecture §2', sources, 'IAM decides which operations a caller may use.'],
    'Whoever has a key pair or the token may use the whole API.',
  ),
  does(
    'pass.framed',
    'architecture §2',
    sources,
    'A body of unknown length is framed when it is passed on, whatever the method.',
  ),
  does('pass.signed', 'architecture §2', sources, 'An upstream that is AWS gets its own Host and a fresh signature.'),
  does('pass.loop', 'architecture §2', sources, 'A request that comes back to us is refused with that explanation.'),
  does(
    'pass.none',
    'architecture §2',
    sources,
    'Without an upstream the answer is an error of Lambda, and the log says what to set.',
  ),
]
