import { afterAll, beforeAll } from 'vitest'
import type { AwsAccess, ClockOffsets } from '../../../src/access/aws-access.ts'
import type { Source } from '../../../src/ports.ts'
import { openDynamoSource } from '../../../src/sources/dynamodb-streams.ts'
import { startDynamoStreamServer } from '../../support/dynamodb-stream-server.ts'
import type { DynamoStreamServer } from '../../support/dynamodb-stream-server.ts'
import { mappingOf } from '../../support/sources/documents.ts'
import { accessTo } from '../../support/sources/test-access.ts'

interface DynamoFixture {
  server: DynamoStreamServer
  access: AwsAccess & ClockOffsets
  newTable(shards?: number): { readonly table: string; readonly arn: string; readonly source: Source }
}

/** A server of tables for the tests of one file; it is there when they run. */
export function useDynamoServer(): DynamoFixture {
  let tables = 0
  const fixture = {
    newTable(shards = 1) {
      tables += 1
      const table = `table${tables}`
      const arn = fixture.server.createTable(table, { shards })
      return { table, arn, source: openDynamoSource(mappingOf('dynamodb', arn), fixture.access) }
    },
  } as DynamoFixture
  beforeAll(async () => {
    fixture.server = await startDynamoStreamServer()
    fixture.access = await accessTo(fixture.server.endpoint)
  })
  afterAll(async () => {
    await fixture.access.close()
    await fixture.server.close()
  })
  return fixture
}
