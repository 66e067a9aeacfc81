import type { SourceRecord } from '../../../src/model/record.ts'
import type { World } from './world.ts'

/** Lets the records of the run arrive, each at its own moment. */
export function putRecords(world: World): void {
  const { scenario, prng } = world
  const arrivals = Array.from({ length: scenario.records }, () => prng.int(0, scenario.arrivalsMs)).sort(
    (a, b) => a - b,
  )
  const positions = new Positions()
  arrivals.forEach((atMs, index) => {
    const draft = drawRecord(world, index)
    world.clock.at(atMs, () => put(world, draft, positions))
  })
}

interface Draft {
  readonly key: string
  readonly orderKey: string
  readonly orderHash: number
  readonly bytes: number
  readonly poison: boolean
  readonly oversize: boolean
  readonly delayMs: number
  readonly step: number
}

function drawRecord(world: World, index: number): Draft {
  const { scenario, prng } = world
  const key = `r${String(index)}`
  const place = prng.int(1, scenario.keys)
  const oversize = prng.chance(scenario.oversizeRate)
  const poison = prng.chance(scenario.poisonRate)
  if (poison) world.function.poison.add(key)
  return {
    key,
    orderKey: scenario.config.traits.ordered === 'none' ? '' : `key-${String(place)}`,
    orderHash: Math.imul(place, 2_654_435_761) >>> 0,
    bytes: oversize ? scenario.config.batchBytesMax + 1 : prng.int(10, scenario.recordBytesMax),
    poison,
    oversize,
    delayMs: scenario.config.traits.ordered === 'none' && prng.chance(0.2) ? prng.int(0, 5_000) : 0,
    step: prng.int(1, 5),
  }
}

/** Numbers that grow, of any length: 7, 12, 103. As texts they are not in order. */
class Positions {
  #incarnation = ''
  #last = 5
  #place = -1

  next(incarnation: string, step: number): { position: string; place: number } {
    if (incarnation !== this.#incarnation) {
      this.#incarnation = incarnation
      this.#last = 5
      this.#place = -1
    }
    this.#last += step
    this.#place += 1
    return { position: String(this.#last), place: this.#place }
  }
}

function put(world: World, draft: Draft, positions: Positions): void {
  const { scenario, source, clock } = world
  const isQueue = scenario.kind === 'queue'
  const { incarnation } = source.shard
  const { position, place } = positions.next(incarnation, draft.step)
  const arrivedMs = world.sourceNowMs()
  const record: SourceRecord = {
    id: isQueue ? draft.key : position,
    position: isQueue ? '' : position,
    receipt: '',
    fragment: draft.key,
    bytes: draft.bytes,
    orderKey: draft.orderKey,
    orderHash: draft.orderHash,
    arrivedMs,
  }
  world.note({
    kind: 'put',
    t: clock.nowMs,
    fact: {
      key: draft.key,
      incarnation,
      position,
      place,
      orderKey: draft.orderKey,
      poison: draft.poison,
      oversize: draft.oversize,
      beforeStart: scenario.startMs !== null && arrivedMs < scenario.startMs,
    },
  })
  if (!isQueue) return source.shard.put(record)
  source.queue.put(draft.key, record, clock.nowMs + draft.delayMs)
  source.poke()
}
