import type { MappingCommand, MappingEvent, MappingRequest } from '../core/mapping/messages.ts'
import type { MachineState } from '../core/mapping/state.ts'
import { create, deadline, step } from '../core/mapping/step.ts'
import type { MappingDocument, MappingState } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { Log } from '../observe/log.ts'
import type { Source } from '../ports.ts'
import type { MappingRest } from '../model/mapping-rest.ts'
import { Activity } from './activity.ts'
import type { EngineContext } from './engine-context.ts'
import type { FlowContext, FlowSettings } from './flow-context.ts'
import { FlowHealth } from './flow-health.ts'
import { FlowRunner } from './flow-runner.ts'
import { LastResult, writtenResult } from './last-result.ts'
import { keepLatest } from './latest-start.ts'
import type { MappingHooks } from './mapping-hooks.ts'
import { MachineLoop } from './machine-loop.ts'
import { MappingView } from './mapping-view.ts'
import { performForMapping, type MappingWork } from './mapping-requests.ts'
import { changesFlows, restOf } from './mapping-rest.ts'
import { MappingTroubles } from './mapping-troubles.ts'
import type { MappingStatus } from '../model/mapping-status.ts'
import type { MappingMeter } from '../model/mapping-meter.ts'
import { statusOf } from './mapping-status.ts'
import { GivenUp } from '../async/sleep.ts'

/** The shell of one mapping: owns its machine, its source and its flows. It decides nothing. */
export class MappingRunner {
  readonly #engine: EngineContext
  readonly #hooks: MappingHooks
  readonly #state: MachineState
  readonly #loop: MachineLoop<MappingEvent>
  readonly #source: Source
  readonly #meter: MappingMeter
  readonly #log: Log
  readonly #view: MappingView
  readonly #troubles: MappingTroubles
  readonly #lastResult = new LastResult((result) => this.#noteResult(result))
  readonly #flows = new Map<number, { readonly origin: 'first' | 'late'; readonly runner: FlowRunner }>()
  readonly #outstanding = new Map<number, AbortController>()
  readonly #activity: Activity
  readonly #stopped = Promise.withResolvers<void>()
  #document: MappingDocument
  #stopping = false
  #endsMs: number | undefined

  constructor(engine: EngineContext, document: MappingDocument, hooks: MappingHooks) {
    this.#engine = engine
    this.#document = { ...document, lastProcessingResult: writtenResult(document.lastProcessingResult) }
    this.#hooks = hooks
    this.#activity = new Activity(engine.services.clock)
    this.#state = create(isStream(document.source))
    this.#loop = new MachineLoop<MappingEvent>({
      step: (event) => this.#step(event),
      deadlines: [{ clock: engine.services.workClock, dueMs: () => deadline(this.#state) }],
      timer: { kind: 'timer' },
      failed: (error) => {
        throw error
      },
    })
    this.#source = engine.opener.open(document)
    this.#meter = engine.meterOf(document)
    const { uuid: mapping, sourceName: source } = document
    this.#log = engine.log.child({ mapping, source, function: document.functionArn })
    this.#view = new MappingView(engine, this.#source, this.#log)
    this.#troubles = new MappingTroubles(engine.services.clock, this.#log, this.#lastResult)
  }

  /** What is written down. */
  get document(): MappingDocument {
    return this.#document
  }

  /** The same, with what only this process knows. */
  get shown(): MappingDocument {
    return this.#lastResult.over(this.#document)
  }

  /** What a new mapping has to see before its create is answered. */
  begin(): Promise<void> {
    return keepLatest(this.#work(new AbortController()))
  }

  start(): void {
    if (isStream(this.#document.source)) this.#engine.census.join(this, () => this.#repace())
    // The clock was set back since: what is written now comes after the creation all the same.
    const nowMs = this.#engine.services.clock.wallMs()
    if (this.#document.createdMs > nowMs) this.#learn({ createdMs: nowMs })
    this.#loop.happen({ kind: 'start', state: this.#document.state, enabled: this.#document.parameters.Enabled })
  }

  /** The document as it was written down; the machine hears of a change by `changed`. */
  replace(document: MappingDocument): void {
    this.#document = document
  }

  changed(): void {
    this.#loop.happen({ kind: 'changed', state: this.#document.state })
  }

  /** Finishes what is in flight, and what may still start before `endsMs`. The same promise however often it is called. */
  stop(endsMs?: number): Promise<void> {
    if (!this.#stopping && !this.#loop.isOver) {
      this.#stopping = true
      this.#endsMs = endsMs
      this.#loop.happen({ kind: 'stop' })
      // Those that were draining already, without haste.
      for (const { runner } of this.#flows.values()) runner.drain({ kind: 'draining', reason: 'stop', endsMs })
    }
    return this.#stopped.promise
  }

  /** Cuts off what is still out. */
  abort(): void {
    for (const controller of this.#outstanding.values()) controller.abort(new GivenUp('the process is stopping'))
    for (const { runner } of this.#flows.values()) runner.abort()
  }

  status(): MappingStatus {
    return statusOf(this.shown, {
      stopping: this.#stopping,
      troubles: this.#troubles,
      flows: [...this.#flows.values()].map(({ runner }) => runner.status()),
      machine: this.#state,
    })
  }

  rest(): MappingRest {
    const runners = [...this.#flows.values()].map(({ runner }) => runner)
    return restOf({ document: this.#document, machine: this.#state, activity: this.#activity }, runners, this.#troubles)
  }

  #step(event: MappingEvent): void {
    const { workClock, permits } = this.#engine.services
    const env = { monoMs: workClock.monoMs(), jitter: workClock.random() }
    const commands = step(this.#state, event, this.#engine.pace, env)
    // Places are kept free only for mappings that may come to need one.
    if (this.#state.flows.size > 0) permits.join(this.#document.uuid)
    else permits.leave(this.#document.uuid)
    if (isStream(this.#document.source)) this.#engine.census.count(this, this.#state.flows.size)
    if (changesFlows(event, commands)) this.#activity.raise()
    for (const command of commands) this.#obey(command)
  }

  #obey(command: MappingCommand): void {
    switch (command.kind) {
      case 'load':
      case 'describe':
      case 'attach':
      case 'configure':
      case 'save':
      case 'forget':
      case 'remove':
        return this.#begin(command)
      case 'startFlow':
        return this.#startFlow(command)
      case 'drainFlow':
        this.#flows.get(command.id)?.runner.drain({ kind: 'draining', reason: command.reason, endsMs: this.#endsMs })
        return
      case 'cancel':
        this.#outstanding.get(command.id)?.abort(new GivenUp('nobody needs it any more'))
        return
      case 'sourceTrouble':
        return this.#troubles.sourceRefused(command.trouble, command.message, command.retryMs)
      case 'sourceHealthy':
        return this.#troubles.sourceFound()
      case 'shardGone':
        this.#flows.get(command.id)?.runner.drain({ kind: 'shardGone', incarnation: command.incarnation })
        return
      case 'stopped':
        return this.#finish()
      default:
        command satisfies never
    }
  }

  #begin(request: Exclude<MappingRequest, { kind: 'startFlow' }>): void {
    if (request.kind === 'save') this.#rest(request.state)
    const controller = new AbortController()
    this.#outstanding.set(request.id, controller)
    void performForMapping(request, this.#work(controller)).then((event) => {
      this.#outstanding.delete(request.id)
      this.#loop.happen(event)
    })
  }

  #work({ signal }: AbortController): MappingWork {
    return {
      engine: this.#engine,
      view: this.#view,
      document: this.#document,
      isIdle: this.#flows.size === 0,
      learn: (changes) => this.#learn(changes),
      troubles: this.#troubles,
      // Tried until the store takes it, behind what the user has begun to change meanwhile.
      save: () => this.#hooks.save(),
      remove: () => this.#hooks.remove(),
      reconfigure: () => this.#reconfigure(),
      signal,
      log: this.#log,
    }
  }

  /** The state is the mapping's from this moment on; that it is written down comes after. */
  #rest(state: MappingState): void {
    this.#document = { ...this.#document, state }
    if (state === 'Disabled') this.#troubles.forget()
    this.#troubles.reached(state)
  }

  #startFlow(command: Extract<MappingCommand, { kind: 'startFlow' }>): void {
    const { id, origin } = command
    try {
      const runner = new FlowRunner(this.#flowContext(command), this.#view.settings(this.#document, command))
      this.#flows.set(id, { origin, runner })
      runner.start()
    } catch (error) {
      // A mapping that a store of other hands holds may be one that nobody would accept.
      this.#log.error({ error }, 'A flow of the mapping could not be started.')
      this.#troubles.noteError(String(error))
      this.#loop.happen({ kind: 'flowEnded', id, end: { how: 'failed' } })
    }
  }

  #flowContext({ flow, id, incarnation }: Extract<MappingCommand, { kind: 'startFlow' }>): FlowContext {
    const { uuid, source: kind } = this.#document
    return {
      services: this.#engine.services,
      identity: { uuid, flow, kind, incarnation, listed: !isStream(kind) || this.#view.lists(incarnation, flow) },
      source: this.#source,
      meter: this.#meter,
      log: isStream(kind) ? this.#log.child({ shard: flow }) : this.#log,
      activity: this.#activity,
      health: new FlowHealth(this.#engine.services.clock),
      listener: {
        ended: (end) => {
          this.#flows.delete(id)
          this.#lastResult.of(id).healed()
          this.#loop.happen({ kind: 'flowEnded', id, end })
        },
        refused: (refused) => this.#loop.happen({ kind: 'flowRefused', flow, refused }),
        results: this.#lastResult.of(id),
        failed: (message) => this.#troubles.noteError(message),
      },
    }
  }

  /** Tells every flow how to run from now on. */
  #reconfigure(): void {
    this.#eachFlow((runner, settings) => runner.configure(settings))
  }

  /** How often shards are looked at follows their number in the whole process; nothing of this mapping has changed. */
  #repace(): void {
    this.#eachFlow((runner, { config }) => runner.repace(config.pace))
  }

  #eachFlow(tell: (runner: FlowRunner, settings: FlowSettings) => void): void {
    try {
      for (const { runner, origin } of this.#flows.values()) {
        const { incarnation } = runner
        tell(runner, this.#view.settings(this.#document, { origin, incarnation }))
      }
    } catch (error) {
      this.#log.error({ error }, 'The mapping cannot be laid out as it is now; its flows go on as before.')
      this.#troubles.noteError(String(error))
    }
  }

  /** LastProcessingResult exists for streams only (behaviour §1.3). */
  #noteResult(result: string): void {
    if (!isStream(this.#document.source) || this.#document.lastProcessingResult === result) return
    this.#learn({ lastProcessingResult: result })
  }

  #learn(changes: Partial<MappingDocument>): void {
    this.#document = { ...this.#document, ...changes }
    this.#hooks.save().catch((error: unknown) => {
      this.#log.warn({ error }, 'What was learned of the mapping could not be written down.')
    })
  }

  #finish(): void {
    if (!this.#loop.end()) return
    this.#engine.census.leave(this)
    if (this.#state.removed) {
      this.#engine.forgetMeter(this.#document.uuid)
      this.#hooks.removed()
    }
    this.#source.close().then(
      () => this.#stopped.resolve(),
      (error: unknown) => {
        this.#log.warn({ error }, 'The source did not close cleanly.')
        this.#stopped.resolve()
      },
    )
  }
}
