/**
 * What broke in other people's pollers, one row each (the numbers are issues of the public repositories named). The title of a
 * test that covers a row, or a comment above it, has `name` in it word for word.
 */
export interface Row {
  readonly name: string
  readonly scenario: string
}

const row = (name: string, scenario: string): Row => ({ name, scenario })

export const rows: readonly Row[] = [
  row('floci#446', 'After a restart a stream is read as a stream and a queue as a queue.'),
  row('floci#543', 'Enabled mappings resume after a restart.'),
  row('ministack#889', 'A mapping that was deleted and made again runs after a restart, once.'),
  row('floci#1526', 'FIFO messages show their system attributes in the event.'),
  row('#1422', 'Message attributes are in lower camel case, binary ones in base64.'),
  row('#1548', 'The event tells when a message was received first.'),
  row('floci#2076', 'A source that was restarted begins its sequence numbers anew: nothing is skipped in silence.'),
  row('floci@139281f', 'A checkpoint older than the horizon resumes at the horizon, and that is counted.'),
  row('floci#2369', 'Every parameter of a create is echoed, so that a second plan of Terraform is empty.'),
  row('floci#3155', 'The window begins with the first message gathered, and visibility covers window and timeout.'),
  row('floci PR 3203', 'A window that is shortened sends off what was gathered.'),
  row('floci#3620', 'A failure record in S3 has the key and the payload of AWS.'),
  row('LocalStack PR 12087', 'The same, with the event as an escaped string.'),
  row('ministack PR 1034', 'Records that a filter drops advance the position like any other.'),
  row('ministack PR 1090', 'A mapping that fails is paced while its neighbours run flat out.'),
  row(
    'ministack PR 1724',
    'A slow function on one queue does not delay another; a batch that ended is replaced at once.',
  ),
  row('ministack sqs #1326', 'Deleting through the poller keeps the deduplication window of a FIFO queue.'),
  row('sls#226', 'A receive that fails never ends the process.'),
  row('sls#253', 'Entries of a delete are named by their place, not by message id.'),
  row('sls#241', 'A source that is missing at start is told; the others run; it is attached when it appears.'),
  row('sls#189', 'A FIFO queue is found where an emulator keeps it under the name without its suffix.'),
  row('LocalStack#4513', 'Two mappings on one stream get every record each.'),
  row('LocalStack#7918', 'The same for positions: each mapping has its own.'),
  row('LocalStack#5982', 'A changed batch size or function takes effect without a restart.'),
  row('LocalStack#7036', 'The messages of a FIFO group come in order.'),
  row('#10290', 'A FIFO mapping wakes up after it was idle for long.'),
  row('LocalStack#9219', 'A second mapping of a source and a function conflicts.'),
  row('LocalStack#11003', 'A backlog drains at BatchSize 1 as fast as the function allows.'),
  row('LocalStack#13328', 'It does so at BatchSize 10, and how many run at once can be seen.'),
  row('LocalStack PR 2235', 'The delay of a message is honoured.'),
  row('LocalStack PR 12002', 'A slow trickle under a window of 300 s builds up no backlog.'),
  row('awsdocs/lambda#487', 'An update of a mapping that began at LATEST loses nothing.'),
  row('KCL#1718', 'What a process held is free for the next one after it died.'),
  row('KCL#1765', 'Who took over a shard is obeyed, who had it before is refused.'),
  row('KCL#1744', 'A restart after a shard was read to its end goes on with its children and repeats nothing.'),
  row('RIE#97', 'Concurrent invocations of one emulated runtime are queued.'),
  row('robotocore', 'A function whose runtime cannot be run acknowledges nothing.'),
  row('fakecloud', 'Messages are deleted only after the function succeeded.'),
  row(
    'own reading: open window',
    'What an open window holds when the service stops is not hidden until its visibility ends.',
  ),
  row('own reading: key by mapping', 'Two mappings on one stream keep their positions apart.'),
  row('own reading: long numbers', 'Sequence numbers are compared as numbers of any length.'),
  row('own reading: late shards', 'A shard that is first seen late is read from its beginning.'),
  row('own reading: exists false', 'A clause with exists: false that holds does not excuse its siblings.'),
  row('own reading: decoded data', 'Patterns for Kinesis data see the decoded bytes.'),
  row('own reading: hot loop', 'A failed message is not made visible at once: its receive count does not race up.'),
  row('own reading: malformed response', 'A malformed partial batch response acknowledges nothing.'),
  row('serverless-offline-sqs 8.0.0', 'A message for an idle poller does not wait until a long poll ends.'),
]
