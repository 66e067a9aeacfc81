import type { DescribeTrouble } from '../core/mapping/messages.ts'
import { functionFailures, resultOf, sourceFailures } from '../model/failure.ts'
import type { MappingState } from '../model/mapping.ts'
import type { Log } from '../observe/log.ts'
import type { Clock, FunctionDescription } from '../ports.ts'
import type { LastResult, Results } from './last-result.ts'
import type { FunctionTroubleKind, MappingStatus, Trouble } from '../model/mapping-status.ts'

/** What keeps a whole mapping from working, as its looks saw it. Its source and its function are two things. */
export class MappingTroubles {
  readonly #clock: Clock
  readonly #log: Log
  readonly #ofSource: Results
  readonly #ofFunction: Results
  #source: Trouble | null = null
  #function: Trouble<FunctionTroubleKind> | null = null
  #functionName = ''
  #untold: MappingState | null = null
  #lastError: MappingStatus['lastError'] = null

  constructor(clock: Clock, log: Log, results: LastResult) {
    this.#clock = clock
    this.#log = log
    this.#ofSource = results.of('source')
    this.#ofFunction = results.of('function')
  }

  get source(): Trouble | null {
    return this.#source
  }

  get function(): Trouble<FunctionTroubleKind> | null {
    return this.#function
  }

  get lastError(): MappingStatus['lastError'] {
    return this.#lastError
  }

  /** The log tells of a mapping that is Enabled, and cannot read its source, only once it can. */
  reached(state: MappingState): void {
    const waits = state === 'Enabled' && this.#source !== null
    this.#untold = waits ? state : null
    if (!waits) this.#log.info({ state }, `The mapping is ${state}.`)
  }

  noteError(message: string): void {
    this.#lastError = { atMs: this.#clock.wallMs(), message }
  }

  sourceRefused(kind: DescribeTrouble, message: string, retryMs: number): void {
    const failure = sourceFailures[kind]
    const result = resultOf(failure, message)
    if (result !== null) this.#ofSource.refused(result)
    this.noteError(message)
    this.#log.warn({ trouble: kind, reason: message, retryMs }, failure.advice)
    this.#source = this.#lasting(this.#source, kind, message)
  }

  sourceFound(): void {
    this.#source = null
    this.#ofSource.healed()
    this.#log.info({}, 'The source is there.')
    if (this.#untold !== null) this.#log.info({ state: this.#untold }, `The mapping is ${this.#untold}.`)
    this.#untold = null
  }

  /** What a look at the function brought. An endpoint that cannot tell says nothing either way. */
  functionSeen(functionName: string, seen: FunctionDescription): void {
    if (functionName !== this.#functionName) this.#functionPresent()
    this.#functionName = functionName
    if (seen.kind === 'missing' || seen.kind === 'noLambda') this.#functionAbsent(seen.kind, seen.message)
    else if (seen.kind === 'found' && this.#function !== null) {
      this.#functionPresent()
      this.#log.info({}, 'The function is there.')
    }
  }

  /** Nobody looks any more, so nobody knows. */
  forget(): void {
    this.#source = null
    this.#ofSource.healed()
    this.#functionPresent()
  }

  #functionPresent(): void {
    this.#function = null
    this.#ofFunction.healed()
  }

  #functionAbsent(kind: 'missing' | 'noLambda', message: string): void {
    const failure = functionFailures[kind]
    const result = resultOf(failure, message)
    if (result !== null) this.#ofFunction.refused(result)
    this.noteError(message)
    this.#log.warn({ functionTrouble: kind, reason: message }, failure.advice)
    this.#function = this.#lasting(this.#function, kind, message)
  }

  #lasting<Kind extends string>(before: Trouble | null, kind: Kind, message: string): Trouble<Kind> {
    return { kind, message, sinceMs: before?.kind === kind ? before.sinceMs : this.#clock.wallMs() }
  }
}
