import { planAdoption } from '../core/adoption/plan.ts'
import { isHalfDone } from '../core/adoption/return.ts'
import { adoptedOf, type Adopted, type AdoptionMode, type AdoptionStep } from '../core/adoption/view.ts'
import { backoffMs } from '../core/backoff.ts'
import type { ArnPlace } from '../model/arn.ts'
import type { RuleContext } from '../model/mapping-rules.ts'
import { Sequence } from '../async/sequence.ts'
import type { Log } from '../observe/log.ts'
import type { Clock, UpstreamList, UpstreamMappings } from '../ports.ts'
import { seenOf } from './adopt-declaration.ts'
import { takeStep } from './adopt-steps.ts'
import type { Registry } from './registry.ts'
import { sleep } from '../async/sleep.ts'

export interface AdoptionParts {
  readonly mode: AdoptionMode
  readonly upstream: UpstreamMappings
  readonly registry: Pick<Registry, 'list' | 'get' | 'create' | 'update' | 'delete' | 'note'>
  /** What the store holds is there after a restart. */
  readonly remembers: boolean
  readonly place: ArnPlace
  readonly checkPattern: RuleContext['checkPattern']
  readonly clock: Clock
  readonly log: Log
}

/** How long a change of the stack goes unnoticed. */
const lookMs = 2_000
/** While something is under way it is looked at sooner, and less and less so. */
const soonMs = 50
const failureBackoff = { baseMs: 2_000, capMs: 30_000 }
/** An endpoint without these operations may be one that is still starting. */
const unsupportedMs = 30_000

/** Watches the mappings of the upstream and carries out what `planAdoption` says. Nothing here decides, and nothing here is fatal. */
export class AdoptionWatch {
  readonly #parts: AdoptionParts
  readonly #end = new AbortController()
  readonly #told = new Map<string, string>()
  readonly #toldForAll = new Set<string>()
  readonly #refused = new Map<string, number | null>()
  readonly #orders = new Map<string, number>()
  readonly #turns = new Sequence<'all'>()
  /** LastModified of what was listed at the last look. */
  #listed: ReadonlyMap<string, number | null> = new Map()
  #missed: ReadonlySet<string> = new Set()
  #trouble: string | null = null
  #failures = 0
  /** Looks in a row at which something was under way and nothing moved. */
  #idleLooks = 0
  #running: Promise<void> = Promise.resolve()

  constructor(parts: AdoptionParts) {
    this.#parts = parts
  }

  start(): void {
    const { mode, log, remembers } = this.#parts
    const count = this.#adopted().length
    if (mode === 'undo' && count === 0) {
      const why = remembers ? 'its store holds no adopted mapping' : 'store memory: forgets with the process'
      log.warn({}, `--adopt=undo: nothing is known of an earlier adoption (${why}). Nothing was enabled upstream.`)
    }
    if (mode === 'off' && count > 0) {
      log.info({ mappings: count }, 'Adopted mappings run here, and are not watched upstream without --adopt.')
    }
    if (mode === 'on') {
      log.info(
        {},
        '--adopt: the mappings of the Lambda endpoint are disabled there, where it can be done, and run here.',
      )
    }
    this.#running = this.#run()
  }

  /** No look begins any more; resolves when the one that is under way has ended. */
  async stop(): Promise<void> {
    this.#end.abort()
    await this.#running
  }

  /** After everything has stopped: what the store will not remember is enabled upstream again, or nobody would poll for it. */
  async leave(signal: AbortSignal): Promise<void> {
    const { remembers, upstream, log } = this.#parts
    if (remembers) return
    const owed = this.#adopted().filter((own) => own.state === 'Enabled' || isHalfDone(own))
    await Promise.all(
      owed.map(async ({ uuid }) => {
        const result = await upstream.update(uuid, { Enabled: true }, signal)
        if (result.kind === 'done') log.info({ mapping: uuid }, 'Enabled upstream again: the store forgets it.')
        else
          log.warn({ mapping: uuid, reason: result.kind }, 'It could not be enabled upstream again. Enable it there.')
      }),
    )
  }

  /** Looks and changes through our own port take turns, so that neither acts on what the other has just made old. */
  exclusive<T>(action: () => Promise<T>): Promise<T> {
    return this.#turns.run('all', action)
  }

  async #run(): Promise<void> {
    const { clock, log, mode } = this.#parts
    const { signal } = this.#end
    try {
      while (!this.#isOver()) await sleep(clock, await this.exclusive(() => this.#look()), signal)
      if (mode === 'undo') log.info({}, '--adopt=undo: everything that was adopted is with the upstream again.')
    } catch (error) {
      if (!signal.aborted) log.error({ error }, 'The upstream is not watched any more: this is a bug.')
    }
  }

  /** One look and what follows from it; answers how long to wait for the next. */
  async #look(): Promise<number> {
    const { upstream, registry, mode, place, checkPattern, clock } = this.#parts
    const { signal } = this.#end
    const list = await upstream.list(signal)
    signal.throwIfAborted()
    if (list.kind !== 'listed') return this.#noteTrouble(list)
    this.#noteHealth()
    const context = { place, rules: { nowMs: clock.wallMs(), checkPattern }, before: this.#listed }
    const seen = list.mappings.map((mapping) => seenOf(mapping, context))
    const view = {
      mode,
      upstream: seen,
      ours: registry.list(),
      refused: this.#refused,
      missedBefore: this.#missed,
    }
    const steps = planAdoption(view)
    this.#listed = new Map(seen.map((each) => [each.uuid, each.modifiedMs]))
    this.#missed = new Set(
      this.#adopted()
        .map(({ uuid }) => uuid)
        .filter((uuid) => !this.#listed.has(uuid)),
    )
    const moved = await Promise.all(steps.map((step) => this.#takeStep(step)))
    return this.#untilNext(steps, moved.includes(true))
  }

  /** What moves is looked at again soon; what is waited for less and less so. */
  #untilNext(steps: readonly AdoptionStep[], moved: boolean): number {
    if (steps.every(({ kind }) => kind === 'tell')) {
      this.#idleLooks = 0
      return lookMs
    }
    this.#idleLooks = moved ? 0 : this.#idleLooks + 1
    return Math.min(lookMs, soonMs * (this.#idleLooks + 1))
  }

  #takeStep(step: AdoptionStep): Promise<boolean> {
    const { registry, upstream, clock } = this.#parts
    const { uuid } = step
    const log = uuid === '' ? this.#parts.log : this.#parts.log.child({ mapping: uuid })
    if (step.kind === 'change' || step.kind === 'adopt') {
      this.#orders.delete(uuid)
      this.#told.delete(uuid)
    }
    return takeStep(step, {
      registry,
      upstream,
      clock,
      signal: this.#end.signal,
      log,
      tell: (message) => {
        if (this.#told.get(uuid) !== message) log.warn({}, message)
        this.#told.set(uuid, message)
      },
      tellForAll: (message) => {
        if (!this.#toldForAll.has(message)) this.#parts.log.warn({}, message)
        this.#toldForAll.add(message)
      },
      noteRefusal: () => this.#refused.set(uuid, this.#listed.get(uuid) ?? null),
      countOrder: () => {
        const orders = (this.#orders.get(uuid) ?? 0) + 1
        this.#orders.set(uuid, orders)
        return orders
      },
    })
  }

  /** One line for each change, not for each look. */
  #noteTrouble(list: Exclude<UpstreamList, { kind: 'listed' }>): number {
    const { log, clock } = this.#parts
    if (this.#trouble !== list.kind) {
      const what = list.kind === 'failed' ? 'cannot be listed; they are looked at again' : 'are not there to be adopted'
      log.warn({ reason: list.message }, `The mappings of the Lambda endpoint ${what}.`)
    }
    this.#trouble = list.kind
    this.#failures += 1
    return list.kind === 'unsupported' ? unsupportedMs : backoffMs(this.#failures, failureBackoff, clock.random())
  }

  #noteHealth(): void {
    if (this.#trouble !== null) this.#parts.log.info({}, 'The mappings of the Lambda endpoint can be listed.')
    this.#trouble = null
    this.#failures = 0
  }

  #isOver(): boolean {
    const { mode } = this.#parts
    if (mode === 'on') return false
    const adopted = this.#adopted()
    return mode === 'undo' ? adopted.length === 0 : !adopted.some(isHalfDone)
  }

  #adopted(): readonly Adopted[] {
    return [...adoptedOf({ ours: this.#parts.registry.list() }).values()]
  }
}
