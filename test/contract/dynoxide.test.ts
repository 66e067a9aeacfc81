import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AwsAccess, ClockOffsets } from '../../src/access/aws-access.ts'
import { createSourceOpener } from '../../src/sources/source-opener.ts'
import type { ChildService } from '../support/sources/child-service.ts'
import { mappingOf } from '../support/sources/documents.ts'
import { findDynoxide, startDynoxide } from '../support/sources/dynoxide.ts'
import { accessTo } from '../support/sources/test-access.ts'
import { neverAborted } from './source-contract.ts'
import { streamContract } from './stream-contract.ts'
import type { StreamUnderTest } from './stream-contract.ts'

const binary = findDynoxide()

const absent = 'absent' in binary ? binary.absent : null
const file = 'file' in binary ? binary.file : ''

describe.skipIf(absent !== null)(`dynoxide${absent === null ? '' : ` (not tried: ${absent})`}`, () => {
  let service: ChildService
  let access: AwsAccess & ClockOffsets

  beforeAll(async () => {
    service = await startDynoxide(file)
    access = await accessTo(service.endpoint)
  })

  afterAll(async () => {
    await access.close()
    await service.stop()
  })

  async function call(operation: string, input: object): Promise<unknown> {
    const dynamo = access.service('dynamodb', 'us-east-1', '000000000000')
    const result = await dynamo.json(operation, input, 'control', neverAborted)
    if (result.kind !== 'ok') throw new Error(`${operation}: ${result.message}`)
    return result.output
  }

  async function createTable(TableName: string, withStream = true): Promise<string> {
    const made = await call('CreateTable', {
      TableName,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      ...(withStream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } } : {}),
    })
    return /"LatestStreamArn":"([^"]+)"/.exec(JSON.stringify(made))?.[1] ?? ''
  }

  // Its tables leave their records to the next table of their name, so that a stream made anew is not tried here.
  for (const named of [false, true]) {
    const abilities = { reshard: false, recreate: false, trim: false, expire: false, seek: false }
    streamContract(
      `DynamoDB by its ${named ? 'table' : 'ARN'}, as dynoxide speaks it`,
      abilities,
      async (): Promise<StreamUnderTest> => {
        const table = `contract-${randomUUID()}`
        const arn = await createTable(table)
        const opener = createSourceOpener(access)
        const open = () => opener.open(mappingOf('dynamodb', named ? `dynamodb:${table}` : arn))
        let version = 0
        return {
          source: open(),
          reopen: open,
          async put(key, data) {
            version += 1
            await call('PutItem', {
              TableName: table,
              Item: { id: { S: key }, data: { S: data }, version: { N: String(version) } },
            })
          },
          async remove() {
            await call('DeleteTable', { TableName: table })
          },
          cleanUp: async () => {},
        }
      },
    )
  }

  describe('a table without a stream', () => {
    it('is missing, with what to do about it', async () => {
      const table = `contract-${randomUUID()}`
      await createTable(table, false)
      const source = createSourceOpener(access).open(mappingOf('dynamodb', `dynamodb:${table}`))
      expect(await source.describe(neverAborted)).toEqual({
        kind: 'missing',
        message: `Table ${table} has no stream: enable one in its StreamSpecification.`,
      })
    })
  })
})
