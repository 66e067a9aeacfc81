import { createMemoryQueue } from '../../../support/sources/memory-queue.ts'
import type { MemoryQueue } from '../../../support/sources/memory-queue.ts'
import { createMemoryStream } from '../../../support/sources/memory-stream.ts'
import type { MemoryStream } from '../../../support/sources/memory-stream.ts'
import type { DescribeResult, Shard } from '../../../../src/ports.ts'
import type { SourceClock } from '../../../support/sources/source-clock.ts'
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
  /** Shard → its parents, in each life. */
  readonly parents: Map<string, Map<string, readonly string[]>>
  /** Lives that are over and can still be read. */
  readonly past: Set<string>
  /** It was deleted and made again, at least once. */
  recreated: boolean
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
    timer: (atMs, callback) => world.clock.timer(atMs, callback),
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
    stream: createMemoryStream({
      name,
      shardIds: open,
      clock,
      ...(kind === 'dynamodb' && { arnOf: arnOfTable(name), seeks: false }),
    }),
    incarnation: 'life 1',
    lives: 1,
    open,
    parents: new Map(),
    past: new Set(),
    recreated: false,
    trimmed: new Set(),
    hiddenUntilMs: new Map(),
    shardsMade: open.length,
  }
}

/** Every stream of a table has an ARN of its own. */
function arnOfTable(name: string): (life: number) => string {
  return (life) => `arn:aws:dynamodb:us-east-1:000000000000:table/${name}/stream/${String(life).padStart(3, '0')}`
}

export function parentsOf({ parents }: SimStream, incarnation: string): ReadonlyMap<string, readonly string[]> {
  return parents.get(incarnation) ?? new Map()
}

/** The number of a life, by its name. */
export function lifeNumber(incarnation: string): number {
  return Number(incarnation.split(' ')[1])
}

export function arnOfLife({ plan }: SimStream, incarnation: string): string {
  return plan.kind === 'dynamodb' ? arnOfTable(plan.name)(lifeNumber(incarnation)) : plan.arn
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
    (parentsOf(source, source.incarnation).get(shardId) ?? []).every((parent) => isShown(parent))
  const shards: readonly Shard[] = found.shards.filter(({ shardId }) => world.healed || isShown(shardId))
  return { ...found, arn: arnOfLife(source, source.incarnation), shards }
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
  const known = new Map(parentsOf(source, source.incarnation))
  source.parents.set(source.incarnation, known)
  for (const child of children) {
    known.set(child, parents)
    source.hiddenUntilMs.set(child, world.clock.nowMs + lateMs)
  }
}

/** Retention takes the oldest records of a shard. */
export function trim(world: World, source: SimStream): void {
  const shardIds = [...new Set([...source.open, ...parentsOf(source, source.incarnation).values()].flat())]
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
  source.past.clear()
  source.recreated = true
  source.shardsMade = source.plan.shards
  beginLife(
    source,
    Array.from({ length: source.plan.shards }, (_, index) => `shard-${String(index)}`),
  )
}

/** A table's stream is disabled and enabled again: as on AWS its shards have new names, or, as on emulators, the same. */
export function renew(world: World, source: SimStream): void {
  if (source.plan.kind !== 'dynamodb') return
  const first = world.prng.chance(0.5) ? 0 : source.shardsMade
  const open = Array.from({ length: source.plan.shards }, (_, index) => `shard-${String(first + index)}`)
  source.shardsMade = Math.max(source.shardsMade, first + open.length)
  source.stream.renew(open)
  source.past.add(source.incarnation)
  beginLife(source, open)
}

function beginLife(source: SimStream, open: readonly string[]): void {
  source.lives += 1
  source.incarnation = `life ${String(source.lives)}`
  source.hiddenUntilMs.clear()
  source.open = [...open]
}

/** A day goes by: what was disabled can be read no more. */
export function forgetPast(source: SimStream): void {
  source.stream.forgetPast()
  source.past.clear()
}

export function isKept(source: SimSource, fact: Fact): boolean {
  if (source.kind === 'queue') return true
  return (
    (fact.incarnation === source.incarnation || source.past.has(fact.incarnation)) && !source.trimmed.has(fact.number)
  )
}
