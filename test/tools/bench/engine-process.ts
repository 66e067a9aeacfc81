import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/engine/system-clock.ts'
import type { Shard, Source } from '../../../src/ports.ts'
import { engineRig } from '../../unit/engine/engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { serveCommands } from './child.ts'
import { usageOf } from './usage.ts'

/** The engine alone: real clock, a source in the same process that has so many shards and nothing in any of them. */
const arn = 'arn:aws:kinesis:us-east-1:000000000000:stream/idle'
let reads = 0

function idleSource(shards: number): Source {
  const listed: Shard[] = Array.from({ length: shards }, (_, index) => ({
    shardId: `shardId-${String(index).padStart(12, '0')}`,
    parentIds: [],
    startingPosition: '0',
    closed: false,
  }))
  return {
    describe: () =>
      Promise.resolve({
        kind: 'found',
        arn,
        incarnation: 'one',
        visibilityMs: null,
        retentionMs: 86_400_000,
        shards: listed,
      }),
    read: () => {
      reads += 1
      return Promise.resolve({ kind: 'records', records: [], end: false, tip: true, behindMs: 0 })
    },
    settle: () => Promise.resolve({ failed: [] }),
    depth: () => Promise.resolve({ kind: 'uncounted' }),
    extend: () => Promise.resolve({ failed: [] }),
    release: () => Promise.resolve(),
    clockOffsetMs: () => 0,
    close: () => Promise.resolve(),
  }
}

export interface IdleCost {
  readonly cpuMs: number
  readonly reads: number
  /** Above the same engine without any mapping. */
  readonly addedBytes: number
}

const commands = {
  async idle({ shards, overMs }: { readonly shards: number; readonly overMs: number }): Promise<IdleCost> {
    const before = usageOf(process.pid)
    const rig = engineRig({ time: { ...manualClock(), clock: systemClock }, source: idleSource(shards) })
    rig.registry.start()
    await rig.create(arn, { StartingPosition: 'TRIM_HORIZON' })
    await sleep(Math.max(1_500, overMs / 2))
    const start = usageOf(process.pid)
    const readsBefore = reads
    await sleep(overMs)
    const end = usageOf(process.pid)
    const cost = {
      cpuMs: (end?.cpuMs ?? 0) - (start?.cpuMs ?? 0),
      reads: reads - readsBefore,
      addedBytes: (end?.rssBytes ?? 0) - (before?.rssBytes ?? 0),
    }
    await rig.registry.stop()
    return cost
  },
}

export type EngineCommands = typeof commands

serveCommands(commands)
