import { does, leaves, queues, sources, streams, type Behaviour } from '../behaviour.ts'

export const apiParameters: readonly Behaviour[] = [
  does(
    'param.sources',
    '§1.2',
    sources,
    'Each parameter is taken by its sources and refused for the others: "Unsupported … parameter for given event source mapping type."',
  ),
  does(
    'param.defaults',
    '§1.2',
    sources,
    "What is not given has AWS's default: batches of 10 or 100, no window, no limits.",
  ),
  does('param.ranges', '§1.2', sources, 'Numbers, lengths and enumerations hold within the ranges of the API model.'),
  does('param.function-name', '§1.2', sources, 'A function is named by name, name:qualifier, partial ARN or ARN.'),
  does(
    'param.enabled',
    '§1.2',
    sources,
    'Enabled decides whether the source is read; nothing is sent to it while disabled.',
  ),
  does('param.batch-size', '§1.2', sources, 'No batch is larger than BatchSize.'),
  does(
    'param.batch-size.queue',
    '§1.2',
    ['SQS'],
    "A queue's batch above 10 needs a window, in a create and in an update.",
  ),
  does(
    'param.batch-size.stream',
    '§1.2',
    streams,
    'A stream takes any BatchSize without a window, as AWS does in fact.',
  ),
  does(
    'param.fifo-limits',
    '§1.2',
    ['FIFO'],
    'A FIFO queue takes neither a window nor batches above 10; the window is refused first.',
  ),
  does('param.not-updatable', '§1.2', sources, 'What only a create may say is ignored in an update.'),
  does('param.update-keeps', '§1.2', sources, 'An update keeps what it leaves out or sets to null.'),
  does('param.update-clears', '§1.2', sources, 'An empty object, list or string takes a parameter back.'),
  does(
    'param.max-concurrency',
    '§1.2',
    queues,
    'MaximumConcurrency caps the invocations of the mapping that run at once.',
  ),
  does(
    'param.pollers.validation',
    '§1.2',
    queues,
    'ProvisionedPollerConfig has its ranges and defaults, and excludes MaximumConcurrency.',
  ),
  does('param.pollers.cap', '§2.1', queues, 'MaximumPollers times ten caps the invocations at once.'),
  does(
    'param.pollers.scaling',
    '§2.1',
    queues,
    'Ten invocations are ready for each of MinimumPollers; with scaling "aws" 1,000 more a minute, up to ten for each of MaximumPollers.',
  ),
  leaves(
    ['param.pollers.throughput', '§2.1', queues, 'A poller takes 1 MB a second and polls ten times a second.'],
    "Pollers are AWS's machines, and these their limits: here a queue is read as fast as it answers, within the concurrency.",
  ),
  does('param.logging-config', '§1.2', sources, 'LoggingConfig is refused for these sources.'),
  does(
    'param.other-sources',
    '§1.2',
    sources,
    'Members of Kafka (ConsumptionMode, new in 2026, among them), Amazon MQ and DocumentDB are refused.',
  ),
  leaves(
    ['param.other-sources.run', '§1.2', sources, 'Mappings of Kafka, Amazon MQ and DocumentDB.'],
    'Outside the scope: sources that are neither queues of SQS nor streams of Kinesis and DynamoDB are refused as unrecognized.',
  ),
  does(
    'param.tags',
    '§1.7',
    sources,
    "Tags are given at create, added, replaced, removed and listed under the mapping's ARN; none in the response of the mapping.",
  ),
  does('param.tags.reserved', '§1.7', sources, 'A mapping has at most 50 tags; keys that begin with aws: are refused.'),
  does('param.kms', '§1.7', sources, 'KMSKeyArn is stored and echoed.'),
  leaves(
    [
      'param.kms.decrypt',
      '§1.7',
      sources,
      'Filter patterns are encrypted under KMSKeyArn and FilterCriteriaError tells that they cannot be read.',
    ],
    'There is no KMS here: patterns are kept as they are and can always be read, so that error cannot arise.',
  ),
  does(
    'param.metrics-config',
    '§1.2',
    sources,
    'MetricsConfig takes EventCount alone and is echoed; the counters are always on.',
  ),
]
