import type { MappingParameters } from '../../../src/model/mapping.ts'
import type { Observation } from './observation.ts'
import type { Fact } from './world/facts.ts'
import { isKept, lifeNumber, type SimSource } from './world/sources.ts'
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
  /** When the user was told that it is made; null: nobody was. */
  toldMs: number | null
  /** The life of its stream that it read first. */
  began: string | null
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
      toldMs: null,
      began: null,
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
      case 'accepted':
        if (seen.uuid !== null) this.mapping(seen.uuid).toldMs ??= seen.t
        return
      case 'asked':
        if (seen.what === 'read') this.mapping(seen.uuid).began ??= seen.incarnation
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
      case 'stored':
      case 'converged':
      case 'extended':
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

  isQueue(uuid: string): boolean {
    return (
      this.world.sources.get(this.world.planOf.get(this.world.functionOf(uuid))?.source.arn ?? '')?.kind === 'queue'
    )
  }

  /** Records of one shard may pass each other where their keys differ. */
  isParallel(uuid: string): boolean {
    return this.#wishes(uuid).some((wish) => (wish.ParallelizationFactor ?? 1) > 1)
  }

  /** Whether the mapping owes this record anything now. */
  isOwed(uuid: string, fact: Fact): boolean {
    const source = this.world.sources.get(this.world.planOf.get(this.world.functionOf(uuid))?.source.arn ?? '')
    if (source?.plan.name !== fact.source || !isKept(source, fact)) return false
    return this.matches(uuid, fact) && !this.#isBeforeStart(uuid, fact) && this.#isSinceBegun(uuid, fact, source)
  }

  /** A mapping begins with the newest stream there is; what older ones hold is nothing to it. */
  #isSinceBegun(uuid: string, { incarnation }: Fact, source: SimSource): boolean {
    const { began } = this.mapping(uuid)
    if (source.kind === 'queue' || incarnation === source.incarnation) return true
    return began !== null && lifeNumber(incarnation) >= lifeNumber(began)
  }

  #isBeforeStart(uuid: string, fact: Fact): boolean {
    if (this.#wishes(uuid)[0]?.StartingPosition !== 'LATEST') return false
    // LATEST is a moment of the local clock, translated by what the source's clock says; a step in between moves it.
    if (this.world.scenario.faults.wallSteps > 0) return true
    // What was written before the create was answered may have been seen or not.
    return fact.putMs <= (this.mapping(uuid).toldMs ?? Infinity)
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

export function lineOf({ source, shardId, incarnation }: Pick<Fact, 'source' | 'shardId' | 'incarnation'>): string {
  return [source, shardId, incarnation].join('/')
}

export function shown(facts: readonly (Fact | number)[]): string {
  return facts.map((fact) => `r${String(typeof fact === 'number' ? fact : fact.number)}`).join(' ')
}

function attemptOf({ process, attempt }: { readonly process: number; readonly attempt: number }): string {
  return `${String(process)}/${String(attempt)}`
}
