import { sleep } from '../async/sleep.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { UnrestKind } from '../model/mapping-rest.ts'
import type { Clock } from '../ports.ts'
import type { ApiDeps } from './api-deps.ts'
import { leftBySight, lookAtSources, type LookDeps, type SourceSight } from './idle-look.ts'
import { standingOf, told, waitsFor, type Standing } from './idle-standing.ts'

export interface IdleQuestion {
  /** Which mappings are concerned; asked again each time, since some come and go. */
  readonly mappings: () => readonly MappingDocument[]
  readonly ignore: ReadonlySet<UnrestKind>
  /** How long nothing may have happened; null: as long as the sources concerned need it. */
  readonly quietMs: number | null
  readonly timeoutMs: number
  /** The same for all who ask the same, whatever their timeout. */
  readonly key: string
}

export interface IdleAnswer {
  readonly idle: boolean
  /** What is left, a sentence each; empty: nothing. */
  readonly reasons: readonly string[]
  /** Those that were waited for. */
  readonly mappings: readonly MappingDocument[]
  readonly waitedMs: number
}

/** Work of this process beside the mappings: invocations that were accepted and have not ended. */
export interface OtherWork {
  readonly count: number
  readonly activity: number
  readonly activeMs: number
}

export interface IdleDeps extends LookDeps, Pick<ApiDeps, 'rest'> {
  readonly mappings: Pick<ApiDeps['mappings'], 'damageOf' | 'status'>
  readonly health: Pick<ApiDeps['health'], 'notReady'>
  readonly clock: Pick<Clock, 'monoMs' | 'timer'>
  readonly others: () => OtherWork
}

/** What the process knows by itself is looked at so often. */
const tickMs = 20
/** Sources that were found with something left are left alone for so long. */
const lookAgainMs = 100

interface Waiter {
  readonly question: IdleQuestion
  readonly sinceMs: number
  readonly answer: PromiseWithResolvers<IdleAnswer>
  readonly left: AbortSignal
  /** What the last look found. */
  seen: readonly string[]
}

/** Questions that are the same have one standing, at one moment. */
type Standings = Map<string, Standing>

/**
 * Says when nothing is left to do. What it takes for that, it takes from after the last thing that happened to any mapping concerned:
 * reads of shards that began later and found nothing, and looks at all queues and listings during which nothing happened. One look
 * serves everybody who waits.
 */
export class IdleSweep {
  readonly #deps: IdleDeps
  readonly #waiters = new Set<Waiter>()
  readonly #ended = new AbortController()
  #isRunning = false
  #nextLookMs = 0

  constructor(deps: IdleDeps) {
    this.#deps = deps
  }

  wait(question: IdleQuestion, left: AbortSignal): Promise<IdleAnswer> {
    const answer = Promise.withResolvers<IdleAnswer>()
    const waiter = { question, sinceMs: this.#deps.clock.monoMs(), answer, left, seen: [] }
    this.#waiters.add(waiter)
    if (this.#ended.signal.aborted) this.#tell(waiter, [stoppingText])
    else if (!this.#isRunning) void this.#run()
    return answer.promise
  }

  /** Whoever still waits is told so. */
  close(): void {
    this.#ended.abort()
    for (const waiter of this.#waiters) this.#tell(waiter, [stoppingText])
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    try {
      while (this.#waiters.size > 0) {
        await this.#tick()
        if (this.#waiters.size > 0) await sleep(this.#deps.clock, tickMs, this.#ended.signal)
      }
    } catch (error) {
      for (const { answer } of this.#waiters) answer.reject(error)
      this.#waiters.clear()
    } finally {
      this.#isRunning = false
    }
  }

  async #tick(): Promise<void> {
    for (const waiter of this.#waiters) if (waiter.left.aborted) this.#waiters.delete(waiter)
    const before: Standings = new Map()
    const resting = [...this.#waiters].filter((waiter) => this.#reasons(waiter, before).length === 0)
    if (resting.length > 0 && this.#deps.clock.monoMs() >= this.#nextLookMs) await this.#look(resting, before)
    const nowMs = this.#deps.clock.monoMs()
    const now: Standings = new Map()
    for (const waiter of this.#waiters) {
      if (nowMs - waiter.sinceMs < waiter.question.timeoutMs) continue
      const reasons = [this.#reasons(waiter, now), waiter.seen, [unseenText]].find((some) => some.length > 0)
      this.#tell(waiter, reasons ?? [], now)
    }
  }

  /** One look for all whose mappings seem to rest. It counts for those to whose mappings nothing happened meanwhile. */
  async #look(resting: readonly Waiter[], before: Standings): Promise<void> {
    const documents = new Map<string, MappingDocument>()
    for (const { question } of resting) {
      for (const document of this.#standing(question, before).documents) documents.set(document.uuid, document)
    }
    const sights = await lookAtSources(this.#deps, [...documents.values()], this.#ended.signal)
    const now: Standings = new Map()
    const found = new Map<string, readonly string[]>()
    for (const waiter of resting) {
      const { question } = waiter
      const reasons = this.#reasons(waiter, now)
      if (reasons.length > 0 || this.#standing(question, now).mark !== this.#standing(question, before).mark) continue
      const seen = found.get(question.key) ?? this.#seen(question, now, sights)
      found.set(question.key, seen)
      if (seen.length === 0) this.#tell(waiter, [], now)
      else waiter.seen = seen
    }
    const isAnyLeft = [...found.values()].some((seen) => seen.length > 0)
    this.#nextLookMs = isAnyLeft ? this.#deps.clock.monoMs() + lookAgainMs : 0
  }

  #seen(question: IdleQuestion, now: Standings, sights: ReadonlyMap<string, SourceSight>): readonly string[] {
    return this.#standing(question, now).documents.flatMap((document) => {
      const rest = this.#deps.rest(document.uuid)
      if (rest === undefined) return []
      const status = this.#deps.mappings.status(document.uuid)
      return told(document, leftBySight(sights.get(document.uuid), { rest, status }), question.ignore)
    })
  }

  #reasons({ question, sinceMs }: Waiter, standings: Standings): readonly string[] {
    return waitsFor(this.#standing(question, standings), sinceMs, this.#deps.clock.monoMs())
  }

  #standing(question: IdleQuestion, standings: Standings): Standing {
    const known = standings.get(question.key)
    if (known !== undefined) return known
    const standing = standingOf(question, this.#deps)
    standings.set(question.key, standing)
    return standing
  }

  #tell(waiter: Waiter, reasons: readonly string[], standings: Standings = new Map()): void {
    this.#waiters.delete(waiter)
    waiter.answer.resolve({
      idle: reasons.length === 0,
      reasons,
      mappings: this.#standing(waiter.question, standings).documents,
      waitedMs: Math.round(this.#deps.clock.monoMs() - waiter.sinceMs),
    })
  }
}

const unseenText = 'There was no time to look at the sources: give a longer timeout.'
const stoppingText = 'Millrace is stopping.'
