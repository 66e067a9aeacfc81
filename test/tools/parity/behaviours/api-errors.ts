import { does, leaves, queues, sources, streams, type Behaviour } from '../behaviour.ts'

export const apiErrors: readonly Behaviour[] = [
  does('error.unknown-uuid', '§1.6', sources, 'An unknown UUID: ResourceNotFoundException, 404.'),
  does('error.no-source', '§1.6', sources, 'No source, or one that is none: "Unrecognized event source."'),
  does(
    'error.unknown-function',
    '§1.6',
    sources,
    'A function that is known to be missing: 400, "Function does not exist".',
  ),
  does(
    'error.starting-position',
    '§1.6',
    streams,
    'A stream without a starting position, with a wrong one, or DynamoDB with AT_TIMESTAMP.',
  ),
  does(
    'error.visibility',
    '§1.6',
    queues,
    "A visibility timeout below the function's timeout is refused where both are known.",
  ),
  does('error.source-missing', '§1.6', sources, "A queue or stream that does not exist is refused in AWS's words."),
  does('error.source-denied', '§1.6', sources, 'A missing right on the source is refused and named.'),
  leaves(
    ['error.destination-denied', '§1.6', streams, 'A missing right on the failure destination is refused at create.'],
    'Nothing is sent to a destination before there is a failure to tell: its rights show at the first delivery, in the log and the metrics.',
  ),
  does('error.filter', '§1.6', sources, 'A pattern that no filter understands: "Invalid filter pattern definition."'),
  does('error.tumbling', '§1.6', streams, 'A tumbling window excludes a parallelization factor above 1 and filters.'),
  does('error.record-age', '§1.6', streams, 'A record age of 0 to 59 seconds is refused.'),
  does(
    'error.destination-kind',
    '§1.6',
    streams,
    'Failure destinations are standard queues, standard topics and buckets; FIFO, OnSuccess and other ARNs are refused.',
  ),
  does('error.tags-unknown', '§1.6', sources, 'Tags of an unknown mapping: 404 with its ARN.'),
  does('error.tags-arn', '§1.6', sources, 'Tags of what is no ARN of Lambda: a violation that prints the pattern.'),
  does(
    'error.order',
    '§11.20',
    sources,
    'Refusals come in one order: shape, source and foreign parameters, rules, function, duplicate, access.',
  ),
  does('error.update-checks', '§1.6', sources, 'An update checks function and queue only when it names the function.'),
]
