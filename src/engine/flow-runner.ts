import type { FlowCommand, FlowEvent, FlowRequest, ReadOutcome } from '../core/flow/messages.ts'
import type { Now } from '../core/flow/inspection.ts'
import type { PaceConfig } from '../core/flow/config.ts'
import type { FlowEnd } from '../core/mapping/messages.ts'
import { AttemptIds } from './attempt-ids.ts'
import { agesOf } from './flow-ages.ts'
import type { FlowContext, FlowSettings } from './flow-context.ts'
import type { FlowMachine } from './flow-machine.ts'
import { FlowRest } from './flow-rest.ts'
import { openFlow } from './flow-opening.ts'
import { FlowPermits } from './flow-permits.ts'
import { report, resultOfOutcome } from './flow-report.ts'
import { perform } from './flow-requests.ts'
import type { Unrest } from '../model/mapping-rest.ts'
import type { FlowStatus } from '../model/mapping-status.ts'
import { MachineLoop } from './machine-loop.ts'
import type { MemoryAccount } from './memory-budget.ts'
import { endsByItselfMs, patienceSpareMs } from './patience.ts'
import type { PermitRequest } from './permits.ts'
import { RecordSieve } from './record-sieve.ts'
import { servesBeyond, withoutRetention } from './retention.ts'
import { GivenUp } from '../async/sleep.ts'
import { sourceNowMs } from './source-time.ts'

interface Outstanding {
  readonly controller: AbortController
  /** When the source answers at the latest (monotonic); null: not soon, or nobody knows. */
  readonly endsMs: number | null
  stopWaiting: (() => void) | null
}

/**
 * The shell of one flow: owns its machine, carries its requests out through the ports, answers each with exactly one event, and keeps
 * its timers, one per clock. It decides nothing. An error inside the machine ends this flow without a checkpoint; the process lives.
 */
export class FlowRunner {
  readonly #context: FlowContext
  readonly #machine: FlowMachine
  readonly #loop: MachineLoop<FlowEvent>
  readonly #attemptIds: AttemptIds
  readonly #sieve: RecordSieve
  readonly #outstanding = new Map<number, Outstanding>()
  readonly #permits: FlowPermits
  readonly #memory: MemoryAccount
  readonly #rest: FlowRest
  readonly #lifetime = new AbortController()
  #settings: FlowSettings
  #fence = 0
  #incarnation: string
  #behindMs: number | null = null
  /** The source was seen to keep records longer than it says. */
  #keepsLonger = false
  /** Nothing was ever seen of the shard but its name: a parent whose records the retention took before this mapping was made. */
  #isUnseen: boolean
  #draining = false

  constructor(context: FlowContext, settings: FlowSettings) {
    this.#context = context
    this.#settings = settings
    this.#incarnation = context.identity.incarnation
    this.#isUnseen = !context.identity.listed
    this.#machine = context.services.startMachine(settings.config)
    this.#loop = new MachineLoop<FlowEvent>({
      step: (event) => this.#step(event),
      deadlines: [
        { clock: context.services.workClock, dueMs: () => this.#machine.deadline().monoMs },
        { clock: context.services.clock, dueMs: () => this.#machine.deadline().receiptMonoMs },
      ],
      timer: { kind: 'timer' },
      failed: (error) => this.#crash(error),
    })
    this.#permits = new FlowPermits(context.services.permits)
    this.#memory = context.services.memory.join(() => this.#loop.happen({ kind: 'timer' }))
    this.#rest = new FlowRest(context.services.clock, context.activity)
    this.#attemptIds = new AttemptIds(context.services.clock)
    this.#sieve = new RecordSieve(context.services.clock, () => this.#settings.matches, this.#lifetime.signal)
  }

  /** The life of the stream that it reads. */
  get incarnation(): string {
    return this.#incarnation
  }

  start(): void {
    void openFlow(this.#context, this.#lifetime.signal).then((opening) => {
      if (this.#loop.isOver || opening === null) return
      const { checkpoint, incarnation } = opening
      this.#fence = opening.fence
      this.#incarnation = incarnation
      if (checkpoint !== null) this.#isUnseen = false
      this.#loop.happen({ kind: 'opened', checkpoint, incarnation })
    })
  }

  /** The next attempt runs under these; attempts that are out end under those they were sent with. */
  configure(settings: FlowSettings): void {
    const before = this.#settings
    const isFilterNew = settings.matches !== before.matches
    this.#settings = this.#keepsLonger ? withoutRetention(settings) : settings
    if (settings.functionName !== before.functionName || settings.capacity !== before.capacity) this.#permits.renew()
    this.#loop.happen({ kind: 'configured', matches: isFilterNew ? this.#sieve.passes : undefined })
  }

  /** The next look at the shard is paced so. It is no `configured`: what waits for its retry goes on as it is. */
  repace(pace: PaceConfig): void {
    this.#settings = { ...this.#settings, config: { ...this.#settings.config, pace } }
  }

  /** Comes to its end: what is out is finished; of a shard that its source has no more, all that was read. */
  drain(why: Extract<FlowEvent, { readonly kind: 'draining' | 'shardGone' }>): void {
    this.#draining = true
    if (why.kind === 'shardGone') {
      const level = this.#isUnseen ? 'debug' : 'warn'
      this.#context.log[level]({}, 'The shard is neither listed nor readable any more; it counts as done.')
    }
    this.#loop.happen(why)
  }

  abort(): void {
    this.#end({ how: 'drained' })
  }

  status(): FlowStatus {
    const { arrivals, ...seen } = this.#machine.inspect(this.#settings.config, this.#now())
    const trouble = this.#isLongDone(seen.trouble) ? null : seen.trouble
    const ages = agesOf(arrivals, sourceNowMs(this.#context), this.#behindMs)
    const own = { trouble, flow: this.#context.identity.flow, waitsFor: [] }
    return { ...seen, ...this.#context.health.view(), ...ages, ...own }
  }

  get flow(): string {
    return this.#context.identity.flow
  }

  get tipMs(): number | null {
    return this.#rest.tipMs
  }

  unrest(): readonly Unrest[] {
    return this.#rest.reasons(this.status(), this.#machine.isWindowOpen())
  }

  #step(event: FlowEvent): void {
    const { clock, workClock } = this.#context.services
    this.#note(event)
    const sourceMs = sourceNowMs(this.#context)
    const commands = this.#machine.step(event, this.#settings.config, {
      ...this.#now(),
      sourceMs: sourceMs + workClock.aheadMs,
      retentionSourceMs: sourceMs,
      allowedBytes: this.#memory.allowedBytes,
      jitter: clock.random(),
    })
    this.#rest.note(event, commands)
    for (const command of commands) this.#obey(command)
    if (!this.#loop.isOver) this.#memory.charge(this.#machine.chargedBytes(), this.#machine.missingBytes())
  }

  #now(): Now {
    const { clock, workClock } = this.#context.services
    return { monoMs: workClock.monoMs(), receiptMonoMs: clock.monoMs() }
  }

  /** What the runner itself takes from an event. */
  #note(event: FlowEvent): void {
    if (event.kind === 'readDone') this.#noteRead(event.result)
    if (event.kind !== 'invoked') return
    this.#context.health.invoked(event.outcome)
    const result = resultOfOutcome(event.outcome)
    if (result !== null) this.#context.listener.results.processed(result)
  }

  #noteRead(result: ReadOutcome): void {
    if (result.kind === 'recreated') this.#incarnation = result.incarnation
    if (result.kind === 'records') this.#isUnseen = false
    const sourceMs = sourceNowMs(this.#context)
    const { retentionMs } = this.#settings.config
    if (result.kind !== 'records' || !servesBeyond(retentionMs, result.records, sourceMs)) return
    this.#keepsLonger = true
    this.#settings = withoutRetention(this.#settings)
    this.#context.log.info({ retentionMs }, 'The source serves records older than its retention: it loses none by age.')
  }

  #obey(command: FlowCommand): void {
    switch (command.kind) {
      case 'read':
      case 'permit':
      case 'invoke':
      case 'settle':
      case 'release':
      case 'look':
      case 'discard':
      case 'checkpoint':
      case 'extend':
        return this.#begin(command)
      case 'cancel':
        return this.#cancel(command.id)
      case 'giveBack':
        return this.#permits.giveBack(command.permit)
      case 'attemptFailed':
      case 'filtered':
      case 'dropped':
      case 'positionLost':
      case 'sourceHealthy':
      case 'functionTrouble':
      case 'functionHealthy':
        return report(this.#context, command)
      case 'sourceTrouble':
        // Daily business of a stream that was resharded: no news but to those who wait for its end.
        if (this.#isLongDone(command.trouble)) return this.#context.listener.refused(true)
        return report(this.#context, command)
      case 'finished':
        return this.#end({ how: 'finished', incarnation: this.#incarnation })
      case 'drained':
        // Drained without having been asked to: another owner has the flow.
        return this.#end({ how: this.#draining ? 'drained' : 'failed' })
      default:
        command satisfies never
    }
  }

  #isLongDone(trouble: string | null): boolean {
    return this.#isUnseen && trouble === 'missing'
  }

  #begin(request: FlowRequest): void {
    const controller = new AbortController()
    const endsMs = endsByItselfMs(request, this.#context.services.clock.monoMs())
    const outstanding: Outstanding = { controller, endsMs, stopWaiting: null }
    this.#outstanding.set(request.id, outstanding)
    void this.#answer(request, controller.signal).then((event) => {
      outstanding.stopWaiting?.()
      this.#outstanding.delete(request.id)
      if (request.kind === 'invoke') this.#permits.giveBack(request.permit)
      if (!this.#loop.isOver) this.#loop.happen(event)
    })
  }

  /**
   * Many an emulator does not notice that the client of a long poll is gone, and hides the next message for it until its
   * visibility ends. So a receive that is about to end is left to; what it still brings is tried or handed back.
   */
  #cancel(id: number): void {
    const outstanding = this.#outstanding.get(id)
    if (outstanding === undefined || outstanding.stopWaiting !== null) return
    const abort = (): void => outstanding.controller.abort(new GivenUp('the flow gave it up'))
    if (outstanding.endsMs === null) return abort()
    outstanding.stopWaiting = this.#context.services.clock.timer(outstanding.endsMs + patienceSpareMs, abort)
  }

  /** Never rejects: whatever goes wrong, the request is answered. */
  async #answer(request: FlowRequest, signal: AbortSignal): Promise<FlowEvent> {
    try {
      if (request.kind === 'permit') return await this.#acquire(request.id, signal)
      return await perform(request, {
        context: this.#context,
        settings: this.#settings,
        sieve: this.#sieve,
        attemptIds: this.#attemptIds,
        fence: this.#fence,
        incarnation: this.#incarnation,
        signal,
        noteBehind: (behindMs) => {
          this.#behindMs = behindMs
        },
      })
    } catch (error) {
      if (!signal.aborted) this.#crash(error)
      return { kind: 'cancelled', id: request.id }
    }
  }

  async #acquire(id: number, signal: AbortSignal): Promise<FlowEvent> {
    const mapping = this.#context.identity.uuid
    const request = (): PermitRequest => {
      const { functionName, capacity } = this.#settings
      return { mapping, functionName, capacity }
    }
    await this.#permits.acquire(id, request, signal)
    return { kind: 'permitted', id }
  }

  /** The impossible happened. Nothing of what is held was acknowledged, so the source gives it again. */
  #crash(error: unknown): void {
    if (this.#loop.isOver) return
    this.#context.meter.flowCrashed()
    this.#context.log.error({ error }, 'A flow failed an assertion; it is started again from its last checkpoint.')
    this.#end({ how: this.#draining ? 'drained' : 'failed' })
  }

  #end(end: FlowEnd): void {
    if (!this.#loop.end()) return
    this.#lifetime.abort(new GivenUp('the flow has ended'))
    for (const { controller } of this.#outstanding.values()) controller.abort(new GivenUp('the flow has ended'))
    this.#permits.close()
    this.#memory.leave()
    this.#context.listener.ended(end)
  }
}
