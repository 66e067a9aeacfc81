import { does, leaves, queues, sources, streams, type Behaviour } from '../behaviour.ts'

export const limitsAndMetrics: readonly Behaviour[] = [
  does(
    'metric.counts',
    '§7',
    sources,
    'Polled, filtered, invoked, failed, dropped, delivered and deleted events are counted by mapping.',
  ),
  does(
    'metric.dropped',
    '§7',
    streams,
    'Records given up without a destination, or whose delivery failed, count as dropped.',
  ),
  does('metric.function', '§7', sources, 'Invocations without throttles, errors, throttles, duration and concurrency.'),
  does(
    'metric.recursion',
    '§7',
    queues,
    'RecursiveInvocationsDropped: batches that fail because a record went through the function sixteen times.',
  ),
  does(
    'log.bounded',
    '§7',
    sources,
    'Mappings of these sources have no log on AWS. Here each change of state and each failure is a line, and what lasts is told at a growing pace.',
  ),
  does('metric.disabled', '§7', sources, 'Nothing is counted while a mapping is disabled.'),
  does('metric.iterator-age', '§7', streams, 'Iterator age: of the last record of a batch, when it is sent.'),
  does(
    'metric.behind',
    '§7',
    streams,
    'A shard is as far behind as its oldest record that is not resolved, also while it is blocked and between attempts.',
  ),
  leaves(
    ['metric.pollers', '§7', queues, 'ProvisionedPollers and EventPollerUnit.'],
    'There are no poller machines to count; invocations in flight are shown instead.',
  ),
  leaves(
    ['metric.cloudwatch', '§7', sources, 'Metrics in CloudWatch, opened by MetricsConfig.'],
    'Metrics are offered as Prometheus text, always on; each help text names its counterpart in CloudWatch.',
  ),
  leaves(
    ['metric.logging', '§7', sources, 'System logs by LoggingConfig.'],
    'AWS has them for Kafka alone; Millrace logs state changes and failures of every mapping to its own output.',
  ),
  does('quota.payload', '§8', sources, 'A response above 6 MB is a function error, an event never exceeds 6 MB.'),
  does('quota.message', '§8', queues, 'Messages up to 1 MiB are delivered.'),
  does('quota.timeout', '§8', sources, 'An invocation may last as long as a function may: 900 s.'),
  does(
    'target.attempt-end',
    '§8',
    sources,
    'An attempt at an endpoint that does not end it itself ends at the function’s timeout and the time for a start, looked up anew when it is reached.',
  ),
  does(
    'mapping.fair-share',
    '§8',
    sources,
    'Places for invocations are shared: a share of them is free for each mapping beside those that hang, and what others do not use goes to who gives it back soon.',
  ),
  does(
    'mapping.describes',
    '§1.1',
    sources,
    'GetFunctionConfiguration is asked once for all mappings of a function, ever more seldom while nothing changes, and of AWS once a second at most.',
  ),
  leaves(
    ['quota.tenant', '§10', sources, 'Tenant isolation of functions.'],
    'AWS has no event source mappings for tenant-isolated functions; nothing to run.',
  ),
  does(
    'target.sync',
    '§2.3',
    sources,
    'Each attempt is one synchronous invocation with the event as its body, never repeated by the client.',
  ),
  does(
    'target.before-during',
    '§11.26',
    sources,
    'Failures before the function (throttle, no connection, gateway) are told apart from those during it (error, timeout, lost answer).',
  ),
  does(
    'target.believed',
    '§11.26',
    sources,
    'An answer counts as an invocation only when it can have come from a Lambda: XML, a page, a redirect or a bare text does not, costs no attempt and acknowledges nothing.',
  ),
  does('target.rie', '§13.1', sources, "A bare runtime emulator's failures are found although it answers 200."),
  does('target.status-object', '§13.9', sources, 'A handler\'s {"statusCode": 500} is a success.'),
  leaves(
    ['iam.least', '§9', sources, 'The rights of the execution role suffice, and no others are asked for.'],
    'Rights are enforced by the services. Against an endpoint that enforces them, a missing one is named as the row on missing rights says.',
  ),
]
