import { ok, throwing } from '../../../support/functions/behaviour.ts'
import { ofStream, type Row, type WhyWorld } from './world.ts'

/** What keeps a shard, and where a stream is read from. */
export const streamCauses: readonly Row[] = [
  {
    what: 'a shard that one record blocks',
    cause: 'shard-blocked',
    says: 'Shard SHARD is blocked by record SEQUENCE (written N s ago): N attempts failed: Error: poison. The next attempt is due at TIME (in N s). 1 record waits behind it here. It is tried until the stream drops it: set MaximumRetryAttempts or MaximumRecordAgeInSeconds, and BisectBatchOnFunctionError.',
    async provoke(world) {
      const { arn, name } = world.newTable()
      for (const id of ['poison', 'later']) world.tables.put(name, id)
      return failing(world, arn, { BatchSize: 1 })
    },
  },
  {
    what: 'a Kinesis shard whose poison record bisecting has found',
    cause: 'shard-blocked',
    says: 'Shard SHARD is blocked by record SEQUENCE (written N s ago): N attempts failed: Error: poison. The next attempt is due at TIME (in N s). 2 records wait behind it here. It is tried until the stream drops it: set MaximumRetryAttempts or MaximumRecordAgeInSeconds.',
    async provoke(world) {
      const { arn } = await world.newStream('one', 'poison', 'three', 'four')
      const poison = Buffer.from('poison').toString('base64')
      world.behave(({ payload }) => (payload.includes(poison) ? throwing('poison') : ok()))
      return world.start([ofStream(arn, { BisectBatchOnFunctionError: true })])
    },
  },
  {
    what: 'a shard that a batch blocks for a limited time',
    cause: 'shard-blocked',
    says: 'Shard SHARD is blocked by a batch of 2 that begins with record SEQUENCE (written N s ago): N attempts failed: Error: poison. The next attempt is due at TIME (in N s). Later records wait. Records that keep failing are given up after 1000 retries or at an age of 600 s.',
    async provoke(world) {
      const { arn, name } = world.newTable()
      for (const id of ['poison', 'too']) world.tables.put(name, id)
      return failing(world, arn, { MaximumRetryAttempts: 1_000, MaximumRecordAgeInSeconds: 600 })
    },
  },
  {
    what: 'a shard that waits for a parent that is blocked',
    cause: 'shard-waits-for-parent',
    isAnswer: false,
    says: 'Shard SHARD waits until its parent SHARD has been read to its end.',
    async provoke(world) {
      const { arn, name } = world.newTable()
      world.tables.put(name, 'poison')
      world.tables.roll(name)
      return failing(world, arn)
    },
  },
  {
    what: 'records that wait for their failure destination',
    cause: 'waits-for-destination',
    says: '1 batch was given up and waits until arn:aws:sqs:us-east-1:000000000000:nowhere has taken the record of it: check that it exists and may be written to.',
    async provoke(world) {
      const { arn, name } = world.newTable()
      world.tables.put(name, 'poison')
      const Destination = 'arn:aws:sqs:us-east-1:000000000000:nowhere'
      return failing(world, arn, { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination } } })
    },
  },
  {
    what: 'a stream with nothing after LATEST',
    cause: 'begins-at-latest',
    says: 'Nothing has been written to the stream of table table-N since TIME (N s), when the mapping began: StartingPosition LATEST skips what was there before. To have that as well, make a mapping with TRIM_HORIZON.',
    provoke: (world) => world.start([ofStream(world.newTable().arn, { StartingPosition: 'LATEST' })]),
  },
  {
    what: 'records that no filter pattern matches',
    cause: 'all-filtered',
    says: 'Every one of the 2 records read since the start was filtered out: no pattern of FilterCriteria matches. Compare a record of the source with the patterns.',
    provoke: (world) => filtered(world, 'one', 'two'),
  },
  {
    what: 'records of which a filter takes some',
    cause: 'some-filtered',
    isAnswer: false,
    says: '2 of 3 records read since the start were filtered out.',
    provoke: (world) => filtered(world, 'one', 'two', 'wanted'),
  },
]

async function failing(world: WhyWorld, arn: string, more: object = {}) {
  world.behave(({ payload }) => (payload.includes('poison') ? throwing('poison') : ok()))
  return world.start([ofStream(arn, more)])
}

async function filtered(world: WhyWorld, ...ids: readonly string[]) {
  const { arn, name } = world.newTable()
  for (const id of ids) world.tables.put(name, id)
  const Pattern = JSON.stringify({ dynamodb: { Keys: { id: { S: ['wanted'] } } } })
  return world.start([ofStream(arn, { FilterCriteria: { Filters: [{ Pattern }] } })])
}
