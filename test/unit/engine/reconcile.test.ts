import { describe, expect, it } from 'vitest'
import { reconcile } from '../../../src/engine/reconcile.ts'
import type { FileMapping } from '../../../src/model/settings.ts'
import type { Log } from '../../../src/observe/log.ts'
import { silentLog } from '../../../src/observe/log.ts'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { engineRig, place, rules } from './engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

const sourceName = 'arn:aws:sqs:us-east-1:000000000000:memory'
const named = (parameters: object = {}, more: Partial<FileMapping> = {}): FileMapping => ({
  sourceName,
  source: 'sqs',
  parameters: { FunctionName: 'orders', ...parameters },
  tags: {},
  where: 'millrace.yaml:3',
  ...more,
})

function rigOf() {
  const time = manualClock()
  const rig = engineRig({ time, source: createMemoryQueue({ clock: time.clock }) })
  rig.registry.start()
  const complaints: string[] = []
  const log: Log = {
    ...silentLog,
    warn: (_, message) => complaints.push(message),
    error: (_, message) => complaints.push(message),
  }
  const apply = async (mappings: readonly FileMapping[], prune = false) => {
    const done = reconcile({ registry: rig.registry, mappings, prune, place, rules, log })
    await time.pass(1_000)
    await done
    await time.pass(1_000)
  }
  return { ...rig, apply, complaints }
}

describe('the mappings of the file', () => {
  it('are created with the defaults of AWS, as made by a file', async () => {
    const { apply, registry } = rigOf()
    await apply([named({ BatchSize: 3 }, { tags: { team: 'a' } })])
    expect(registry.list()).toMatchObject([
      {
        origin: 'file',
        state: 'Enabled',
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
        tags: { team: 'a' },
        parameters: { BatchSize: 3, MaximumBatchingWindowInSeconds: 0, Enabled: true },
      },
    ])
  })

  it('change only the members they name, of the same mapping however its function is spelled', async () => {
    const { apply, registry } = rigOf()
    await apply([named({ BatchSize: 3 })])
    const [before] = registry.list()
    await apply([named({ FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:orders', Enabled: false })])
    expect(registry.list()).toMatchObject([
      { uuid: before?.uuid, state: 'Disabled', parameters: { BatchSize: 3, Enabled: false } },
    ])
  })

  it('find the mapping of a function whose ARN an upstream knew better', async () => {
    const { apply, registry } = rigOf()
    await apply([named()])
    const [{ parameters } = { parameters: undefined }] = registry.list()
    if (parameters === undefined) throw new Error('no mapping')
    const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:second'
    const request = { origin: 'file', sourceName, functionArn, tags: {} } as const
    await registry.create({ ...request, parameters: { ...parameters, FunctionName: 'second' } })
    await apply([named(), named({ FunctionName: 'second', BatchSize: 2 })])
    expect(registry.list().map((each) => each.parameters.BatchSize)).toEqual([10, 2])
  })

  it('leave alone what is as they say', async () => {
    const { apply, registry, time } = rigOf()
    await apply([named({ BatchSize: 3 })])
    const [before] = registry.list()
    await time.pass(5_000)
    await apply([named({ BatchSize: 3 })])
    expect(registry.list()[0]?.lastModifiedMs).toBe(before?.lastModifiedMs)
  })

  it('go when a later file no longer names them and says prune; those of the API stay', async () => {
    const { apply, registry, create } = rigOf()
    await apply([named()])
    await create(sourceName, { FunctionName: 'other' })
    await apply([])
    expect(registry.list()).toHaveLength(2)
    await apply([], true)
    expect(registry.list().map(({ origin }) => origin)).toEqual(['api'])
  })

  it('are reported when they cannot be, and keep no other waiting', async () => {
    const { apply, registry, complaints } = rigOf()
    await apply([named({ BatchSize: 100 }), named({ FunctionName: 'second' })])
    expect(registry.list().map(({ parameters }) => parameters.FunctionName)).toEqual(['second'])
    expect(complaints).toEqual(['A mapping of the file could not be brought about.'])
  })

  it('are made anew when they were just being deleted', async () => {
    const { apply, registry } = rigOf()
    await apply([named()])
    const [before] = registry.list()
    await registry.delete(before?.uuid ?? '')
    await apply([named()])
    expect(registry.list()).toHaveLength(1)
    expect(registry.list()[0]?.uuid).not.toBe(before?.uuid)
  })
})
