import { CreateTableCommand, DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { CreateStreamCommand, DescribeStreamCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import {
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  type UpdateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterEach, describe, expect, it } from 'vitest'
import { findDynoxide, startDynoxide } from '../../support/sources/dynoxide.ts'
import { startKinesisLocal } from '../../support/sources/kinesis-local.ts'
import { queueArn, startQueueStack, type Millrace, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

const clientOptions = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
const stops: (() => Promise<unknown> | void)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function stackOf(): Promise<QueueStack> {
  const stack = await startQueueStack({ functions: { orders: { timeoutS: 3 } } })
  stops.push(() => stack.stop())
  return stack
}

/** Makes the mapping through the API. The counters that AWS has for it, by the names of Prometheus. */
async function mapped(
  millrace: Millrace,
  patterns: readonly object[],
  source: Partial<CreateEventSourceMappingCommandInput>,
) {
  const Filters = patterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) }))
  const input = { FunctionName: 'orders', FilterCriteria: { Filters }, ...source }
  const { UUID } = await millrace.lambda.send(new CreateEventSourceMappingCommand(input))
  const state = async () => (await millrace.lambda.send(new GetEventSourceMappingCommand({ UUID }))).State
  await until(async () => (await state()) === 'Enabled', 'the mapping is enabled')
  return {
    counts: async (name: string): Promise<number> => {
      const text = await (await fetch(`${millrace.endpoint}/metrics`)).text()
      const line = text.split('\n').find((one) => one.startsWith(`millrace_${name}_events_total{mapping="${UUID}"`))
      return Number(line?.split(' ').at(-1))
    },
    /** What Get shows once the update is through. */
    update: async (change: Omit<UpdateEventSourceMappingCommandInput, 'UUID'>) => {
      await millrace.lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...change }))
      await until(async () => (await state()) === 'Enabled', 'the update is through')
      return millrace.lambda.send(new GetEventSourceMappingCommand({ UUID }))
    },
  }
}

async function counted(counts: (name: string) => Promise<number>, names: readonly string[]) {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await counts(name)] as const)))
}

const recordsOf = (stack: QueueStack) =>
  stack.functions.invocations.flatMap(({ payload }) => (JSON.parse(payload) as { Records: RecordOfAny[] }).Records)

interface RecordOfAny {
  readonly body?: string
  readonly messageAttributes?: object
  readonly kinesis?: { readonly data: string; readonly partitionKey: string }
  readonly eventName?: string
  readonly dynamodb?: { readonly Keys: { readonly id: { readonly S: string } } }
}

describe('a mapping with filters', () => {
  // proves: sqs.filter-deletes, sqs.filter-body, sqs.filter-metadata, sqs.filter-delivers-unchanged, metric.counts@SQS, metric.counts@FIFO
  // proves: filter.or@SQS, filter.or@FIFO, filter.dotted@SQS, filter.dotted@FIFO
  it.each(['q', 'q.fifo'])(
    'on the queue %s deletes and counts what matches none, and delivers the rest as it was',
    async (name) => {
      const stack = await stackOf()
      const isFifo = name.endsWith('.fifo')
      stack.queue(name, isFifo ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : {})
      const millrace = await stack.start()
      const patterns = [
        { body: { kind: ['order'], $or: [{ price: [{ numeric: ['>', 100] }] }, { 'customer.vip': [true] }] } },
        { body: ['plain'], eventSource: ['aws:sqs'] },
      ]
      const { counts } = await mapped(millrace, patterns, { EventSourceArn: queueArn(name) })
      const wanted = ['{"kind":"order", "price":101}', '{"kind":"order","customer":{"vip":true}}', 'plain']
      const others = ['{"kind":"order","price":100}', '{"kind":"noise"}', 'plainer', '"plain"', '[']
      for (const [index, body] of [...others.slice(0, 3), ...wanted, ...others.slice(3)].entries()) {
        stack.queues.sendMessage(name, body, isFifo ? { messageGroupId: `g${index % 2}` } : {})
      }
      await until(() => stack.left(name) === 0, 'all is deleted')
      expect(
        recordsOf(stack)
          .map((record) => record.body)
          .toSorted(),
      ).toEqual(wanted.toSorted())
      await until(async () => (await counts('deleted')) === 8, 'all are counted as deleted')
      expect(await counted(counts, ['polled', 'filtered_out', 'invoked', 'failed_invoke'])).toEqual({
        polled: 8,
        filtered_out: 5,
        invoked: 3,
        failed_invoke: 0,
      })
    },
  )

  // proves: filter.update@SQS, filter.update@FIFO
  it.each(['q', 'q.fifo'])(
    'on the queue %s takes those that an update brings, and none once they are taken away',
    async (name) => {
      const stack = await stackOf()
      const isFifo = name.endsWith('.fifo')
      stack.queue(name, isFifo ? { FifoQueue: 'true', ContentBasedDeduplication: 'true' } : {})
      const millrace = await stack.start()
      const { counts, update } = await mapped(millrace, [{ body: { kind: ['a'] } }], { EventSourceArn: queueArn(name) })
      let round = 0
      const sent = async () => {
        round += 1
        for (const kind of ['a', 'b']) {
          const body = JSON.stringify({ kind, round })
          stack.queues.sendMessage(name, body, isFifo ? { messageGroupId: kind } : {})
        }
        await until(async () => stack.left(name) === 0 && (await counts('deleted')) === round * 2, 'all is deleted')
        const seen = recordsOf(stack).map(({ body = '' }) => JSON.parse(body) as { kind: string; round: number })
        return seen.filter((one) => one.round === round).map((one) => one.kind)
      }
      expect(await sent()).toEqual(['a'])
      const changed = await update({ FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["b"]}}' }] } })
      expect(changed.FilterCriteria).toEqual({ Filters: [{ Pattern: '{"body":{"kind":["b"]}}' }] })
      expect(await sent()).toEqual(['b'])
      // An update that does not speak of them leaves them as they are.
      expect((await update({ BatchSize: 1 })).FilterCriteria).toEqual(changed.FilterCriteria)
      expect(await sent()).toEqual(['b'])
      expect(await update({ FilterCriteria: { Filters: [] } })).not.toHaveProperty('FilterCriteria')
      expect((await sent()).toSorted()).toEqual(['a', 'b'])
    },
  )

  // proves: stream.filter.data, stream.filter.metadata, stream.filter.advances@Kinesis, metric.counts@Kinesis
  it('on a Kinesis stream passes and counts what matches none, by decoded data and by metadata', async () => {
    const service = await startKinesisLocal()
    stops.push(() => service.stop())
    const stack = await stackOf()
    const kinesis = new KinesisClient({
      ...clientOptions,
      endpoint: service.endpoint,
      requestHandler: new NodeHttpHandler(),
    })
    stops.push(() => kinesis.destroy())
    await kinesis.send(new CreateStreamCommand({ StreamName: 'clicks', ShardCount: 1 }))
    await until(async () => {
      const found = await kinesis.send(new DescribeStreamCommand({ StreamName: 'clicks' }))
      return found.StreamDescription?.StreamStatus === 'ACTIVE'
    }, 'the stream is active')
    const millrace = await stack.start({
      aws: {
        region: 'us-east-1',
        account: '000000000000',
        endpoints: { ...stack.endpoints, kinesis: service.endpoint },
      },
    })
    const { counts } = await mapped(
      millrace,
      [{ data: { items: { price: [{ numeric: ['>=', 10, '<', 20] }] } } }, { partitionKey: ['always'] }],
      {
        EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
        StartingPosition: 'TRIM_HORIZON',
      },
    )
    const put = (data: string, key: string) => ({ Data: Buffer.from(data), PartitionKey: key })
    await kinesis.send(
      new PutRecordsCommand({
        StreamName: 'clicks',
        Records: [
          put('{"items":[{"price":9},{"price":20}]}', 'a'),
          put('{"items":[{"price":9},{"price":10}]}', 'a'),
          put('not json', 'a'),
          put('not json', 'always'),
          put('\u0000\u0001', 'a'),
        ],
      }),
    )
    await until(async () => (await counts('filtered_out')) === 3 && (await counts('invoked')) === 2, 'all is counted')
    const shown = recordsOf(stack).map(({ kinesis: own }) => Buffer.from(own?.data ?? '', 'base64').toString())
    expect(shown).toEqual(['{"items":[{"price":9},{"price":10}]}', 'not json'])
    expect(await counted(counts, ['polled', 'failed_invoke', 'dropped'])).toMatchObject({ polled: 5, failed_invoke: 0 })
  })

  const dynoxide = findDynoxide()
  // proves: ddb.filter, stream.filter.advances@DynamoDB, metric.counts@DynamoDB
  it.skipIf('absent' in dynoxide)(
    'on a DynamoDB stream passes and counts what matches none, by images and eventName',
    async () => {
      const service = await startDynoxide('file' in dynoxide ? dynoxide.file : '')
      stops.push(() => service.stop())
      const stack = await stackOf()
      const dynamo = new DynamoDBClient({ ...clientOptions, endpoint: service.endpoint })
      stops.push(() => dynamo.destroy())
      const { TableDescription: table } = await dynamo.send(
        new CreateTableCommand({
          TableName: 'users',
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        }),
      )
      const endpoints = { ...stack.endpoints, dynamodb: service.endpoint, dynamodbstreams: service.endpoint }
      const millrace = await stack.start({ aws: { region: 'us-east-1', account: '000000000000', endpoints } })
      const { counts } = await mapped(
        millrace,
        [
          { eventName: ['INSERT'], dynamodb: { NewImage: { age: { N: ['7'] }, tag: { S: [{ prefix: 'a' }] } } } },
          { eventName: ['REMOVE'], dynamodb: { OldImage: { left: { S: [{ exists: false }] } } } },
        ],
        { EventSourceArn: table?.LatestStreamArn ?? '', StartingPosition: 'TRIM_HORIZON' },
      )
      const put = (id: string, N: string, S: string) =>
        dynamo.send(new PutItemCommand({ TableName: 'users', Item: { id: { S: id }, age: { N }, tag: { S } } }))
      await put('wanted', '7', 'ab')
      await put('older', '8', 'ab')
      await put('untagged', '7', 'ba')
      await put('wanted', '9', 'ab')
      await dynamo.send(new DeleteItemCommand({ TableName: 'users', Key: { id: { S: 'older' } } }))
      await until(async () => (await counts('filtered_out')) === 3 && (await counts('invoked')) === 2, 'all is counted')
      expect(recordsOf(stack).map((record) => `${record.eventName} ${record.dynamodb?.Keys.id.S}`)).toEqual([
        'INSERT wanted',
        'REMOVE older',
      ])
      expect(await counts('polled')).toBe(5)
    },
  )
})
