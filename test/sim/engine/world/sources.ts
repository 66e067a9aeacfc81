import { createMemoryQueue } from '../../../fakes/sources/memory-queue.ts'
import type { MemoryQueue } from '../../../fakes/sources/memory-queue.ts'
import { createMemoryStream } from '../../../fakes/sources/memory-stream.ts'
import type { MemoryStream } from '../../../fakes/sources/memory-stream.ts'
import type { DescribeResult, Shard } from '../../../../src/ports.ts'
import type { SourceClock } from '../../../fakes/sources/fake-time.ts'
import type { Body, Fact } from './facts.ts'
import { bodyOf } from './facts.ts'
import type { SourcePlan } from './scenario.ts'
import type { World } from './world.ts'
import { startWallMs } from './world.ts'

export type SimSource = SimQueue | SimStream

export interface SimQueue {
  readonly kind: 'queue'
  readonly plan: SourcePlan
  readonly queue: MemoryQueue
}

export interface SimStream {
  readonly kind: 'stream'
  readonly plan: SourcePlan
  readonly stream: MemoryStream
  incarnation: string
  lives: number
  /** Shards of this life that take records. */
  open: string[]
  /** Shard → its parents, in this life. */
  readonly parents: Map<string, readonly string[]>
  /** Shard → the sequence numbers from this one on are kept. */
  readonly trimmed: Set<number>
  /** Shards that the listing does not show before this moment. */
  readonly hiddenUntilMs: Map<string, number>
  shardsMade: number
}

/** The services' own clock: it is right, whatever the local one says. */
function serviceClock(world: World): SourceClock {
  return {
    wallMs: () => startWallMs + world.clock.nowMs,
    monoMs: () => world.clock.nowMs,
    timer(atMs, callback) {
      let isOff = false
      world.clock.at(atMs, () => {
        if (!isOff) callback()
      })
      return () => {
        isOff = true
      }
    },
  }
}

export function createSimSource(world: World, plan: SourcePlan): SimSource {
  const clock = serviceClock(world)
  const { name, kind, visibilityMs } = plan
  if (kind === 'sqs' || kind === 'sqs-fifo') {
    return { kind: 'queue', plan, queue: createMemoryQueue({ fifo: kind === 'sqs-fifo', name, visibilityMs, clock }) }
  }
  const open = Array.from({ length: plan.shards }, (_, index) => `shard-${String(index)}`)
  return {
    kind: 'stream',
    plan,
    stream: createMemoryStream({ name, shardIds: open, clock }),
    incarnation: 'life 1',
    lives: 1,
    open,
    parents: new Map(),
    trimmed: new Set(),
    hiddenUntilMs: new Map(),
    shardsMade: open.length,
  }
}

export function putRecord(world: World, source: SimSource): void {
  const { prng, scenario } = world
  const { plan } = source
  const body: Body = { number: world.draw(), skip: prng.chance(0.2) }
  const text = JSON.stringify(body)
  const key = `key-${String(prng.int(1, plan.keys))}`
  const base = {
    number: body.number,
    source: plan.name,
    key,
    putMs: world.clock.nowMs,
    skip: body.skip,
    poison: !plan.calm && prng.chance(scenario.faults.poison),
  }
  if (source.kind === 'queue') {
    const id = source.queue.send(text, plan.kind === 'sqs-fifo' ? { group: key } : {})
    return note(world, { ...base, id, shardId: '', incarnation: '', position: '' })
  }
  const shardId = source.open[prng.int(0, source.open.length - 1)]
  if (shardId === undefined) return
  const position = source.stream.put(shardId, text, { key })
  note(world, { ...base, id: position, shardId, incarnation: source.incarnation, position })
}

function note(world: World, fact: Fact): void {
  world.facts.set(fact.number, fact)
  world.note({ kind: 'put', fact })
}

/** The numbers of the messages that the queue still has. */
export function numbersLeft({ queue }: SimQueue): ReadonlySet<number> {
  return new Set(queue.bodies().map((text) => bodyOf(text).number))
}

/** What the service lists, which may lag behind what there is. */
export function listed(world: World, source: SimStream, found: DescribeResult): DescribeResult {
  if (found.kind !== 'found') return found
  // Children may be late, but never are they listed before their parents.
  const isShown = (shardId: string): boolean =>
    (source.hiddenUntilMs.get(shardId) ?? 0) <= world.clock.nowMs &&
    (source.parents.get(shardId) ?? []).every((parent) => isShown(parent))
  const shards: readonly Shard[] = found.shards.filter(({ shardId }) => world.healed || isShown(shardId))
  return { ...found, arn: source.plan.arn, shards }
}

/** A split, a merge, or a shard that rolls over to a single child. */
export function reshard(world: World, source: SimStream): void {
  const { prng } = world
  const [first, second] = source.open
  if (first === undefined) return
  const make = (): string => `shard-${String(source.shardsMade++)}`
  if (second !== undefined && prng.chance(0.4)) {
    const child = make()
    source.stream.merge([first, second], child)
    return replace(world, source, [first, second], [child])
  }
  const children = prng.chance(0.5) ? [make(), make()] : [make()]
  source.stream.split(first, children)
  replace(world, source, [first], children)
}

function replace(world: World, source: SimStream, parents: readonly string[], children: readonly string[]): void {
  source.open = [...source.open.filter((shardId) => !parents.includes(shardId)), ...children]
  const lateMs = world.scenario.faults.lateListing ? world.prng.int(0, 3_000) : 0
  for (const child of children) {
    source.parents.set(child, parents)
    source.hiddenUntilMs.set(child, world.clock.nowMs + lateMs)
  }
}

/** Retention takes the oldest records of a shard. */
export function trim(world: World, source: SimStream): void {
  const shardIds = [...new Set([...source.open, ...source.parents.values()].flat())]
  const shardId = shardIds[world.prng.int(0, shardIds.length - 1)]
  if (shardId === undefined) return
  const there = [...world.facts.values()].filter(
    (fact) => fact.source === source.plan.name && fact.shardId === shardId && fact.incarnation === source.incarnation,
  )
  const kept = there.filter((fact) => !source.trimmed.has(fact.number))
  const count = world.prng.int(0, kept.length)
  source.stream.trim(shardId, count)
  for (const fact of kept.slice(0, count)) source.trimmed.add(fact.number)
}

export function recreate(source: SimStream): void {
  source.stream.recreate()
  source.lives += 1
  source.incarnation = `life ${String(source.lives)}`
  source.parents.clear()
  source.hiddenUntilMs.clear()
  source.shardsMade = source.plan.shards
  source.open = Array.from({ length: source.plan.shards }, (_, index) => `shard-${String(index)}`)
}

export function isKept(source: SimSource, fact: Fact): boolean {
  return source.kind === 'queue' || (fact.incarnation === source.incarnation && !source.trimmed.has(fact.number))
}
