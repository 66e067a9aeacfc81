import type { MappingParameters } from '../../../src/model/mapping.ts'
import type { Observation } from './observation.ts'
import type { Fact } from './world/facts.ts'
import { isKept } from './world/sources.ts'
import type { World } from './world/world.ts'

/** How a record was done with: acknowledged by a function's answer, or told of at the failure destination. */
interface Done {
  readonly process: number
  readonly order: number
}

/** One process's hold of one flow. */
export interface Session {
  readonly process: number
  readonly fence: number
  readonly order: number
}

/** What was seen of one mapping. */
export interface MappingBook {
  readonly uuid: string
  readonly done: Map<number, Done[]>
  /** Records that ended without anybody hearing of them, by the engine's own count. */
  dropped: number
  /** Flow → its sessions, oldest first. */
  readonly sessions: Map<string, Session[]>
  /** Attempts that are out, as `process/attempt`. */
  readonly out: Map<string, { readonly process: number; readonly endsMs: number }>
  storedMs: number | null
}

/** Everything seen so far, in the order that checkers ask for. */
export class Book {
  readonly world: World
  readonly mappings = new Map<string, MappingBook>()
  /** Source and shard and life → its records, in order; for queues by group. */
  readonly lines = new Map<string, Fact[]>()
  readonly #parameters = new Map<string, MappingParameters[]>()
  order = 0

  constructor(world: World) {
    this.world = world
  }

  mapping(uuid: string): MappingBook {
    const known = this.mappings.get(uuid)
    if (known !== undefined) return known
    const made: MappingBook = {
      uuid,
      done: new Map(),
      dropped: 0,
      sessions: new Map(),
      out: new Map(),
      storedMs: null,
    }
    this.mappings.set(uuid, made)
    return made
  }

  see(seen: Observation): void {
    this.order += 1
    switch (seen.kind) {
      case 'put': {
        const line = lineOf(seen.fact)
        this.lines.set(line, [...(this.lines.get(line) ?? []), seen.fact])
        return
      }
      case 'called':
        return this.#noteWish(seen)
      case 'stored':
        this.mapping(seen.uuid).storedMs ??= seen.t
        return
      case 'session': {
        const { sessions } = this.mapping(seen.uuid)
        const session = { process: seen.process, fence: seen.fence, order: this.order }
        sessions.set(seen.flow, [...(sessions.get(seen.flow) ?? []), session])
        return
      }
      case 'invoked':
        this.mapping(seen.uuid).out.set(attemptOf(seen), { process: seen.process, endsMs: seen.endsMs })
        return
      case 'answered':
        this.mapping(seen.uuid).out.delete(attemptOf(seen))
        return this.#noteDone(seen.uuid, seen.process, seen.acked)
      case 'delivered':
        return this.#noteDone(seen.uuid, seen.process, seen.numbers)
      case 'dropped':
        // What a queue's visibility takes away comes again.
        if (seen.reason !== 'visibility') this.mapping(seen.uuid).dropped += seen.count
        return
      case 'accepted':
      case 'asked':
      case 'converged':
      case 'healed':
      case 'process':
      case 'received':
      case 'refused':
      case 'released':
      case 'written':
        return
      default:
        seen satisfies never
    }
  }

  /** The mapping was never told to filter, or the record matches. */
  matches(uuid: string, fact: Fact): boolean {
    return !fact.skip || !this.#wishes(uuid).some((wish) => wish.FilterCriteria !== undefined)
  }

  /** Records of one shard may pass each other where their keys differ. */
  isParallel(uuid: string): boolean {
    return this.#wishes(uuid).some((wish) => (wish.ParallelizationFactor ?? 1) > 1)
  }

  /** Whether the mapping owes this record anything now. */
  isOwed(uuid: string, fact: Fact): boolean {
    const source = this.world.sources.get(this.world.planOf.get(this.world.functionOf(uuid))?.source.arn ?? '')
    if (source?.plan.name !== fact.source || !isKept(source, fact)) return false
    return this.matches(uuid, fact) && !this.#isBeforeStart(uuid, fact)
  }

  #isBeforeStart(uuid: string, fact: Fact): boolean {
    if (this.#wishes(uuid)[0]?.StartingPosition !== 'LATEST') return false
    // LATEST is a moment of the local clock, translated by what the source's clock says; a step in between moves it.
    if (this.world.scenario.faults.wallSteps > 0) return true
    return fact.putMs <= (this.mapping(uuid).storedMs ?? Infinity)
  }

  #wishes(uuid: string): readonly MappingParameters[] {
    return this.#parameters.get(this.world.functionOf(uuid)) ?? []
  }

  #noteWish(seen: Extract<Observation, { kind: 'called' }>): void {
    if (seen.wants.state === 'gone') return
    const parameters = JSON.parse(seen.wants.parameters) as MappingParameters
    const name = parameters.FunctionName.split(':')[0] ?? ''
    this.#parameters.set(name, [...(this.#parameters.get(name) ?? []), parameters])
  }

  #noteDone(uuid: string, process: number, numbers: readonly number[]): void {
    const { done } = this.mapping(uuid)
    for (const number of numbers) done.set(number, [...(done.get(number) ?? []), { process, order: this.order }])
  }
}

export function lineOf({ source, shardId, incarnation }: Fact): string {
  return [source, shardId, incarnation].join('/')
}

export function shown(facts: readonly (Fact | number)[]): string {
  return facts.map((fact) => `r${String(typeof fact === 'number' ? fact : fact.number)}`).join(' ')
}

function attemptOf({ process, attempt }: { readonly process: number; readonly attempt: number }): string {
  return `${String(process)}/${String(attempt)}`
}
