import { untilAborted } from '../async/until-aborted.ts'
import { sleep } from '../async/sleep.ts'
import type { Clock, FunctionDescription } from '../ports.ts'
import { AttemptLine } from './attempt-line.ts'
import { startDeadline } from './attempt-deadline.ts'

export interface Described {
  readonly description: FunctionDescription
  /** There was an answer. */
  readonly isReached: boolean
}

export interface BookPace {
  /** Between two questions, all functions together; 0: as they come. */
  readonly askEveryMs: number
  /** The longest time for which an answer that never changes is believed. */
  readonly believedMsMax: number
}

/** What AWS allows to the whole account is 15 control requests a second, and others want some of them (behaviour §1.1). */
export const awsPace: BookPace = { askEveryMs: 1_000, believedMsMax: 300_000 }
export const paceElsewhere: BookPace = { askEveryMs: 0, believedMsMax: 60_000 }

/** An answer is believed so long at first, twice as long each time that it was still true. */
const believedMs = 30_000
/** A function that was not found may be made at any moment. */
const believedMsOfAbsence = 1_000
/** Who would wait longer for its turn goes on with what is known. */
const turnMsMax = 5_000
const answerMsMax = 30_000
const functionsMax = 10_000

interface Entry {
  readonly line: AttemptLine
  described: Described | null
  timeoutMs: number | null
  askedMs: number
  believedMs: number
  /** The question that is out. */
  out: Promise<Described> | null
  /** The question that waits for its turn. */
  turn: { readonly atMs: number; readonly answer: Promise<Described> } | null
}

const unasked: Described = {
  description: { kind: 'unknown', message: 'The function was not looked at yet: others are looked at first.' },
  isReached: false,
}

/** What is known of the functions at an endpoint. One question serves all mappings of a function. */
export class FunctionBook {
  readonly #clock: Clock
  readonly #question: (functionName: string, signal: AbortSignal) => Promise<Described>
  readonly #pace: BookPace
  readonly #entries = new Map<string, Entry>()
  #nextMs = Number.NEGATIVE_INFINITY

  constructor(
    clock: Clock,
    question: (functionName: string, signal: AbortSignal) => Promise<Described>,
    pace: BookPace,
  ) {
    this.#clock = clock
    this.#question = question
    this.#pace = pace
  }

  line(functionName: string): AttemptLine {
    return this.#entryOf(functionName).line
  }

  /** null: nobody has said. */
  timeoutMs(functionName: string): number | null {
    return this.#entryOf(functionName).timeoutMs
  }

  /** Asked at once, unless there is an answer that is no older than `ageMsMax`. */
  now(functionName: string, ageMsMax: number, signal: AbortSignal): Promise<Described> {
    const entry = this.#entryOf(functionName)
    const nowMs = this.#clock.monoMs()
    if (entry.described !== null && nowMs - entry.askedMs < ageMsMax) {
      return Promise.resolve(entry.described)
    }
    if (entry.out === null) this.#nextMs = Math.max(this.#nextMs, nowMs) + this.#pace.askEveryMs
    return untilAborted(this.#ask(functionName, entry), signal)
  }

  /**
   * What was found lately, `ageMsMax` ago at most; where nothing was, it is asked when its turn comes. Waits for that if it is not
   * long; else what was found before has to do, where any age does.
   */
  async lately(functionName: string, signal: AbortSignal, ageMsMax = Number.POSITIVE_INFINITY): Promise<Described> {
    const entry = this.#entryOf(functionName)
    const nowMs = this.#clock.monoMs()
    const goodMs = Math.min(ageMsMax, entry.believedMs)
    if (entry.described !== null && nowMs - entry.askedMs < goodMs) return entry.described
    entry.turn ??= this.#takeTurn(functionName, entry)
    if (entry.turn.atMs - nowMs > turnMsMax) {
      return (Number.isFinite(ageMsMax) ? null : entry.described) ?? unasked
    }
    return untilAborted(entry.turn.answer, signal)
  }

  #takeTurn(functionName: string, entry: Entry): { readonly atMs: number; readonly answer: Promise<Described> } {
    const atMs = Math.max(this.#nextMs, this.#clock.monoMs())
    this.#nextMs = atMs + this.#pace.askEveryMs
    return { atMs, answer: this.#inTurn(functionName, entry, atMs) }
  }

  async #inTurn(functionName: string, entry: Entry, atMs: number): Promise<Described> {
    const waitMs = atMs - this.#clock.monoMs()
    if (waitMs > 0) await sleep(this.#clock, waitMs, neverAborted)
    const described = await this.#ask(functionName, entry)
    entry.turn = null
    return described
  }

  /** Whoever asks while the question is out gets its answer. Never rejects. */
  #ask(functionName: string, entry: Entry): Promise<Described> {
    entry.out ??= this.#answer(functionName).then((described) => {
      entry.out = null
      this.#note(entry, described)
      return described
    })
    return entry.out
  }

  async #answer(functionName: string): Promise<Described> {
    const deadline = startDeadline(this.#clock, answerMsMax, neverAborted)
    try {
      return await this.#question(functionName, deadline.signal)
    } catch (error) {
      return { description: { kind: 'unknown', message: String(error) }, isReached: false }
    } finally {
      deadline.dispose()
    }
  }

  #note(entry: Entry, described: Described): void {
    const { description } = described
    const isSame = JSON.stringify(description) === JSON.stringify(entry.described?.description)
    const { believedMsMax } = this.#pace
    entry.askedMs = this.#clock.monoMs()
    entry.described = described
    if (description.kind !== 'found') entry.believedMs = believedMsOfAbsence
    else {
      entry.timeoutMs = description.timeoutMs
      entry.believedMs = isSame ? Math.min(believedMsMax, entry.believedMs * 2) : Math.min(believedMsMax, believedMs)
    }
  }

  #entryOf(functionName: string): Entry {
    const known = this.#entries.get(functionName)
    if (known !== undefined) return known
    const fresh = { line: new AttemptLine(), described: null, timeoutMs: null, askedMs: 0, believedMs: 0 }
    const entry: Entry = { ...fresh, out: null, turn: null }
    this.#entries.set(functionName, entry)
    if (this.#entries.size > functionsMax) this.#forgetOne()
    return entry
  }

  /** Mappings come and go, and each may name another function. */
  #forgetOne(): void {
    for (const [name, { line, out, turn }] of this.#entries) {
      if (!line.isEmpty || out !== null || turn !== null) continue
      this.#entries.delete(name)
      return
    }
  }
}

const neverAborted = new AbortController().signal
