import { CreateEventSourceMappingCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../../support/until.ts'
import { ofTable, startRig, type Rig } from './rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})

afterEach(() => rig.stop())

// proves: state.update-in-effect@DynamoDB, state.disable-position@DynamoDB
it('updates of a mapping that began at LATEST lose nothing, however they fall (awsdocs/lambda#487)', async () => {
  const { tables, run, seen } = rig
  const arn = tables.createTable('t')
  const { lambda } = await run()
  const { UUID } = await lambda.send(
    new CreateEventSourceMappingCommand({ ...ofTable(arn), StartingPosition: 'LATEST' }),
  )
  const written: string[] = []
  const put = (): void => {
    written.push(`change-${written.length}`)
    tables.put('t', written.at(-1) ?? '')
  }
  put()
  // The factor lays the slots of each shard out anew, the batch size does not; a disabled mapping starts again.
  const changes = [{ BatchSize: 7 }, { ParallelizationFactor: 3 }, { Enabled: false }, { Enabled: true }]
  for (const change of changes) {
    put()
    await until(async () => {
      try {
        await lambda.send(new UpdateEventSourceMappingCommand({ UUID, ...change }))
        return true
      } catch (error) {
        if ((error as Error).name === 'ResourceInUseException') return false
        throw error
      }
    }, 'the update is taken')
    put()
  }
  await until(() => written.every((id) => seen().includes(id)), 'every change')
  expect(new Set(seen())).toEqual(new Set(written))
})

// proves: stream.start.latest@DynamoDB
it('an update before the first record keeps the moment of creation, through a restart too (awsdocs/lambda#487)', async () => {
  const { tables, run, seen } = rig
  const arn = tables.createTable('t')
  const first = await run()
  const { UUID } = await first.lambda.send(
    new CreateEventSourceMappingCommand({ ...ofTable(arn), StartingPosition: 'LATEST' }),
  )
  await until(async () => {
    const updated = first.lambda.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 5 }))
    return updated.then(
      () => true,
      () => false,
    )
  }, 'the update is taken')
  await first.stop()
  tables.put('t', 'while it was down')
  await run()
  await until(() => seen().length === 1, 'the change')
  expect(seen()).toEqual(['while it was down'])
})
