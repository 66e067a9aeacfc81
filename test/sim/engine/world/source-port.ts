import type { MappingDocument } from '../../../../src/model/mapping.ts'
import type { KeptLatest, ReadRequest, ReadResult, SettleResult, Source } from '../../../../src/ports.ts'
import type { SourceRecord } from '../../../../src/model/record.ts'
import { Violation } from '../observation.ts'
import { numberOfFragment } from './facts.ts'
import type { Process } from './process.ts'
import { listed } from './sources.ts'
import type { SimSource } from './sources.ts'
import { call } from './wire.ts'
import type { WireOptions } from './wire.ts'
import type { World } from './world.ts'

/** A mapping's way to its queue or stream, over a wire, with everything that a service may answer. */
export function openSource(world: World, process: Process, document: MappingDocument): Source {
  const { uuid, sourceName } = document
  const sim = world.sources.get(sourceName)
  if (sim === undefined) throw new Violation(`the world: nobody has ${sourceName}`)
  const inner = sim.kind === 'queue' ? sim.queue : sim.stream.open()
  const { calm } = sim.plan
  const asked = (what: 'describe' | 'read' | 'settle' | 'extend' | 'release', request?: ReadRequest): void =>
    world.note({
      kind: 'asked',
      process: process.number,
      uuid,
      what,
      shardId: request?.shardId ?? '',
      from: request?.from ?? null,
      incarnation: request?.incarnation ?? null,
      older: sim.kind === 'stream' && sim.past.has(request?.incarnation ?? ''),
    })
  const wire = (signal: AbortSignal): WireOptions => ({ signal, ...(calm ? { wayMs: 3 } : {}) })
  /** As the `Date` header of the last reply had it. */
  let offsetMs = 0
  const measure = (): void => {
    offsetMs = -world.wallStepMs
  }
  return {
    async describe(signal, since) {
      asked('describe')
      const result = await call(
        world,
        process,
        (inside) => describeNow(world, sim, inner, { since, inside }),
        wire(signal),
      )
      measure()
      return result
    },
    ...(inner.keepLatest && { keepLatest: (signal) => held(world, process, inner, wire(signal)) }),
    depth: (signal) => inner.depth(signal),
    async read(request, signal) {
      asked('read', request)
      const result = await call(
        world,
        process,
        (inside) => readNow(world, sim, inner, { request, inside }),
        wire(signal),
      )
      measure()
      if (result.kind === 'records') {
        world.note({ kind: 'received', process: process.number, uuid, numbers: numbers(result.records) })
      }
      return result
    },
    async settle(records, signal) {
      asked('settle')
      return call(world, process, (inside) => settleNow(world, inner, records, inside), wire(signal))
    },
    async extend(records, visibilityMs, signal) {
      asked('extend')
      const result = await call(
        world,
        process,
        (inside) => extendNow(world, inner, { records, visibilityMs, inside }),
        wire(signal),
      )
      const refused = result.failed.flatMap(({ index }) => records[index] ?? [])
      world.note({
        kind: 'extended',
        process: process.number,
        uuid,
        numbers: numbers(records),
        refused: numbers(refused),
      })
      return result
    },
    async release(records, signal) {
      asked('release')
      await call(world, process, (inside) => inner.release(records, inside), wire(signal))
      world.note({ kind: 'released', process: process.number, uuid, numbers: numbers(records) })
    },
    clockOffsetMs: () => offsetMs,
    close: () => inner.close(),
  }
}

function numbers(records: readonly SourceRecord[]): readonly number[] {
  return records.map((record) => numberOfFragment(record.fragment))
}

/** One call for all that the adapter asks to hold it; it fails as a look does. */
async function held(world: World, process: Process, inner: Source, wire: WireOptions): Promise<KeptLatest | null> {
  const isRefused = world.goesWrong(world.scenario.faults.describeFailed)
  const hold = (inside: AbortSignal) => (isRefused ? null : (inner.keepLatest?.(inside) ?? null))
  return call(world, process, hold, wire)
}

async function describeNow(
  world: World,
  sim: SimSource,
  inner: Source,
  { since, inside }: { readonly since: string | null | undefined; readonly inside: AbortSignal },
) {
  const { describeFailed } = world.scenario.faults
  if (!sim.plan.calm && world.goesWrong(describeFailed)) {
    return { kind: world.prng.pick(['throttled', 'denied', 'failed']), message: 'not now' } as const
  }
  const found = await inner.describe(inside, since)
  return sim.kind === 'queue' ? found : listed(world, sim, found)
}

async function readNow(
  world: World,
  sim: SimSource,
  inner: Source,
  { request, inside }: { readonly request: ReadRequest; readonly inside: AbortSignal },
): Promise<ReadResult> {
  const { readThrottled, readFailed, readExpired, replyLost } = world.scenario.faults
  const { calm } = sim.plan
  if (!calm && world.goesWrong(readThrottled)) return { kind: 'throttled', message: 'slow down' }
  if (!calm && world.goesWrong(readFailed)) return { kind: world.prng.pick(['failed', 'denied']), message: 'not now' }
  if (!calm && sim.kind === 'stream' && world.goesWrong(readExpired)) return { kind: 'expired', message: 'expired' }
  if (!calm && sim.kind === 'queue' && world.goesWrong(replyLost)) sim.queue.faults.repliesLost += 1
  const result = await inner.read(request, inside)
  return sim.kind === 'queue' ? duplicated(world, result) : result
}

/** At least once: a standard queue may give a message twice in one reply. */
function duplicated(world: World, result: ReadResult): ReadResult {
  const [first] = result.kind === 'records' ? result.records : []
  if (result.kind !== 'records' || first === undefined || first.orderKey !== '') return result
  if (!world.goesWrong(world.scenario.faults.duplicates)) return result
  return { ...result, records: [...result.records, first].slice(0, 10) }
}

async function extendNow(
  world: World,
  inner: Source,
  {
    records,
    visibilityMs,
    inside,
  }: { readonly records: readonly SourceRecord[]; readonly visibilityMs: number; readonly inside: AbortSignal },
): Promise<SettleResult> {
  const { extendRefused } = world.scenario.faults
  if (world.goesWrong(extendRefused))
    return { failed: records.map((_, index) => ({ index, message: 'slow down', final: world.prng.chance(0.3) })) }
  return inner.extend(records, visibilityMs, inside)
}

async function settleNow(
  world: World,
  inner: Source,
  records: readonly SourceRecord[],
  signal: AbortSignal,
): Promise<SettleResult> {
  const { settleRefused } = world.scenario.faults
  const spared = records.filter(() => world.goesWrong(settleRefused))
  const done = records.filter((record) => !spared.includes(record))
  const { failed } = await inner.settle(done, signal)
  const refused = new Map(failed.map(({ index, message }) => [done[index], message]))
  for (const record of spared) refused.set(record, 'InternalError')
  return {
    failed: records.flatMap((record, index) => {
      const message = refused.get(record)
      return message === undefined ? [] : [{ index, message }]
    }),
  }
}
