import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  type CreateTableCommandOutput,
} from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ok } from '../../support/functions/behaviour.ts'
import type { ChildService } from '../../support/sources/child-service.ts'
import { findDynoxide, startDynoxide } from '../../support/sources/dynoxide.ts'
import { startQueueStack, type QueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

const dynoxide = findDynoxide()
let service: ChildService
let dynamo: DynamoDBClient
let stack: QueueStack
let tables = 0

interface DynamoEvent {
  readonly Records: readonly {
    readonly eventName: string
    readonly dynamodb: { readonly Keys: { readonly id: { readonly S: string } }; readonly SequenceNumber: string }
  }[]
}

describe.skipIf('absent' in dynoxide)('a DynamoDB stream', () => {
  beforeAll(async () => {
    service = await startDynoxide('file' in dynoxide ? dynoxide.file : '')
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    dynamo = new DynamoDBClient({ endpoint: service.endpoint, region: 'us-east-1', credentials })
  })

  afterAll(async () => {
    dynamo.destroy()
    await service.stop()
  })

  afterEach(() => stack.stop())

  async function stackOf() {
    stack = await startQueueStack({ functions: { orders: { timeoutS: 3 } } })
    const { functions, start, endpoints } = stack
    const TableName = `table-${++tables}`
    const made: CreateTableCommandOutput = await dynamo.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    )
    const records = () => functions.invocations.flatMap(({ payload }) => (JSON.parse(payload) as DynamoEvent).Records)
    return {
      functions,
      records,
      arn: made.TableDescription?.LatestStreamArn ?? '',
      table: TableName,
      put: (id: string) => dynamo.send(new PutItemCommand({ TableName, Item: { id: { S: id } } })),
      remove: (id: string) => dynamo.send(new DeleteItemCommand({ TableName, Key: { id: { S: id } } })),
      run: (EventSourceArn: string, more: object = {}) =>
        start({
          aws: {
            region: 'us-east-1',
            account: '000000000000',
            endpoints: { ...endpoints, dynamodb: service.endpoint, dynamodbstreams: service.endpoint },
          },
          mappings: [{ EventSourceArn, FunctionName: 'orders', StartingPosition: 'TRIM_HORIZON', ...more }],
        }),
    }
  }

  // proves: stream.start.horizon@DynamoDB
  it('is read in order, by its ARN', async () => {
    const { put, remove, run, arn, records } = await stackOf()
    await put('a')
    await put('b')
    await remove('a')
    await run(arn, { BatchSize: 2 })
    await until(() => records().length === 3, 'all changes')
    expect(records().map((each) => `${each.eventName} ${each.dynamodb.Keys.id.S}`)).toEqual([
      'INSERT a',
      'INSERT b',
      'REMOVE a',
    ])
  })

  it('is read by the name of its table', async () => {
    const { put, run, table, records } = await stackOf()
    await run(`dynamodb:${table}`)
    await put('a')
    await until(() => records().length === 1, 'the change')
    expect(records()[0]?.dynamodb.Keys.id.S).toBe('a')
  })

  // proves: stream.bisect@DynamoDB
  it('splits a failing batch until the poison is alone, and goes on behind it', async () => {
    const { put, run, arn, records, functions } = await stackOf()
    functions.behave(({ payload }) =>
      payload.includes('"poison"') ? { kind: 'error', errorType: 'Error', message: 'boom' } : ok(),
    )
    for (const id of ['a', 'b', 'poison', 'd']) await put(id)
    await run(arn, { BatchSize: 4, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 0 })
    await until(() => records().at(-1)?.dynamodb.Keys.id.S === 'd' && functions.invocations.length > 3, 'the last one')
    const alone = functions.invocations
      .map(({ payload }) => (JSON.parse(payload) as DynamoEvent).Records.map((each) => each.dynamodb.Keys.id.S))
      .map((ids) => ids.join(' '))
    expect(alone).toEqual(['a b poison d', 'a b', 'poison d', 'poison', 'd'])
  })
})
