import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import type { AwsAccess, ClockOffsets } from '../../src/access/aws-access.ts'
import { createSourceOpener } from '../../src/sources/source-opener.ts'
import { startDynamoStreamServer } from '../support/dynamodb-stream-server.ts'
import { systemClock } from '../../src/engine/system-clock.ts'
import { mappingOf } from '../support/sources/documents.ts'
import { createMemoryStream } from '../support/sources/memory-stream.ts'
import { accessTo } from '../support/sources/test-access.ts'
import { streamContract } from './stream-contract.ts'
import type { StreamUnderTest } from './stream-contract.ts'

streamContract(
  'in memory',
  { reshard: true, recreate: true, trim: true, expire: true, seek: true },
  async (): Promise<StreamUnderTest> => {
    let nowMs = 1_700_000_000_000
    // Some records share a millisecond, as they do in a fast service.
    const clock = { ...systemClock, wallMs: () => Math.floor((nowMs += 0.25)) }
    const stream = createMemoryStream({ firstNumber: '8', clock })
    let open = ['shard-0']
    return {
      source: stream,
      reopen: () => stream,
      async put(key, data) {
        stream.put(open[key.length % open.length] ?? '', data, { key })
      },
      async remove() {
        stream.remove()
      },
      async reshard() {
        stream.split('shard-0', ['shard-1', 'shard-2'])
        open = ['shard-1', 'shard-2']
      },
      async recreate() {
        stream.recreate()
      },
      async trim(shardId, count) {
        stream.trim(shardId, count)
      },
      async expire() {
        stream.faults.readAnswers.push({ kind: 'expired', message: 'ExpiredIteratorException' })
      },
      cleanUp: async () => {},
    }
  },
)

let accesses: (AwsAccess & ClockOffsets)[] = []
let server: Awaited<ReturnType<typeof startDynamoStreamServer>>

beforeAll(async () => {
  server = await startDynamoStreamServer()
})

afterAll(async () => {
  await Promise.all(accesses.map((access) => access.close()))
  accesses = []
  await server.close()
})

async function accessToServer(): Promise<AwsAccess & ClockOffsets> {
  const access = await accessTo(server.endpoint)
  accesses.push(access)
  return access
}

for (const shards of [1, 3]) {
  streamContract(
    `DynamoDB with ${shards} shard(s), followed by the table's name, on our own fake`,
    { reshard: true, recreate: true, trim: true, expire: true, seek: false },
    async (): Promise<StreamUnderTest> => {
      const table = `table-${randomUUID()}`
      server.createTable(table, { shards })
      const opener = createSourceOpener(await accessToServer())
      const open = () => opener.open(mappingOf('dynamodb', `dynamodb:${table}`))
      let version = 0
      return {
        source: open(),
        reopen: open,
        async put(key, data) {
          version += 1
          server.putInto(table, 0, key, { data: { S: data }, version: { N: String(version) } })
        },
        async remove() {
          server.deleteTable(table)
        },
        async reshard() {
          server.roll(table)
        },
        async recreate() {
          server.deleteTable(table)
          server.createTable(table, { shards })
        },
        async trim(shardId, count) {
          server.trim(table, shardId, count)
        },
        async expire() {
          server.expireIterators()
        },
        cleanUp: async () => {},
      }
    },
  )
}
