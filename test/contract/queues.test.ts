import { randomUUID } from 'node:crypto'
import { startFauxqs } from 'fauxqs'
import type { FauxqsServer } from 'fauxqs'
import { afterAll, beforeAll } from 'vitest'
import type { AwsAccess, ClockOffsets } from '../../src/access/aws-access.ts'
import { createSourceOpener } from '../../src/sources/source-opener.ts'
import { mappingOf } from '../support/sources/documents.ts'
import { createMemoryQueue } from '../support/sources/memory-queue.ts'
import { accessTo } from '../support/sources/test-access.ts'
import { queueContract } from './queue-contract.ts'
import type { QueueUnderTest } from './queue-contract.ts'
import { neverAborted } from './source-contract.ts'

queueContract('in memory', async (fifo): Promise<QueueUnderTest> => {
  const queue = createMemoryQueue({ fifo })
  return {
    source: queue,
    arn: queue.arn,
    async send(body, group) {
      queue.send(body, group === undefined ? {} : { group })
    },
    async remove() {
      queue.remove()
    },
    cleanUp: async () => {},
  }
})

let server: FauxqsServer
let access: AwsAccess & ClockOffsets

beforeAll(async () => {
  server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false })
  access = await accessTo(`http://127.0.0.1:${server.port}`)
})

afterAll(async () => {
  await access.close()
  await server.stop()
})

queueContract('SQS as fauxqs speaks it', async (fifo): Promise<QueueUnderTest> => {
  const name = `contract-${randomUUID()}${fifo ? '.fifo' : ''}`
  const arn = `arn:aws:sqs:us-east-1:000000000000:${name}`
  const sqs = access.service('sqs', 'us-east-1', '000000000000')
  const call = async (operation: string, input: object): Promise<unknown> => {
    const result = await sqs.json(operation, input, 'control', neverAborted)
    if (result.kind !== 'ok') throw new Error(`${operation}: ${result.message}`)
    return result.output
  }
  const Attributes = fifo ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : {}
  const made = await call('CreateQueue', { QueueName: name, Attributes })
  const QueueUrl = String(Reflect.get(Object(made), 'QueueUrl'))
  return {
    source: createSourceOpener(access).open(mappingOf(fifo ? 'sqs-fifo' : 'sqs', arn)),
    arn,
    async send(body, group) {
      await call('SendMessage', {
        QueueUrl,
        MessageBody: body,
        ...(group === undefined ? {} : { MessageGroupId: group }),
      })
    },
    async remove() {
      await call('DeleteQueue', { QueueUrl })
    },
    cleanUp: async () => {},
  }
})
