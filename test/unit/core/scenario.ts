import type { FlowCommand, FlowEvent, FlowRequest, Matches, ReadOutcome } from '../../../src/core/flow/messages.ts'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import type { FlowState } from '../../../src/core/flow/state.ts'
import { create, deadline, step } from '../../../src/core/flow/step.ts'
import type { Checkpoint } from '../../../src/model/checkpoint.ts'
import type { InvocationReply, Outcome, WindowFrame, WindowState } from '../../../src/model/invocation.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import type { SourceKind } from '../../../src/model/source.ts'
import { plainConfig } from '../../sim/world/configs.ts'

type Request<K extends FlowRequest['kind']> = Extract<FlowRequest, { kind: K }>
type Notice<K extends FlowCommand['kind']> = Extract<FlowCommand, { kind: K }>

/** What a function does with a batch. */
export type Handler = (ids: readonly string[], invoke: Request<'invoke'>) => Outcome

/** Drives one flow by hand, or lets it run against a function until nothing is left to do. Time moves only when told to. */
export class Scenario {
  readonly commands: FlowCommand[] = []
  readonly state: FlowState
  config: FlowConfig
  nowMs = 0
  /** How far the clock of the flow's own waits is ahead. */
  aheadMs = 0
  /** The source's clock minus the monotonic one. */
  sourceOffsetMs = 0
  /** What the flow may be charged. */
  allowedBytes = 1_000_000_000
  /** What chance gives at each step. */
  jitter = (): number => 0.5
  readonly #out = new Map<number, FlowRequest>()
  #ended = false

  constructor(kind: SourceKind, changes: Partial<FlowConfig> = {}) {
    this.config = plainConfig(kind, changes)
    this.state = create(this.config)
  }

  /** The process has so much room for it from now on. */
  allow(bytes: number): this {
    this.allowedBytes = bytes
    return this
  }

  tell(event: FlowEvent): this {
    const sourceMs = this.nowMs + this.sourceOffsetMs
    const env = {
      monoMs: this.nowMs + this.aheadMs,
      receiptMonoMs: this.nowMs,
      sourceMs: sourceMs + this.aheadMs,
      retentionSourceMs: sourceMs,
      allowedBytes: this.allowedBytes,
      jitter: this.jitter(),
    }
    for (const command of step(this.state, event, this.config, env)) {
      this.commands.push(command)
      if (command.kind === 'drained' || command.kind === 'finished') this.#ended = true
      if ('id' in command && command.kind !== 'cancel') this.#out.set(command.id, command)
    }
    return this
  }

  open(checkpoint: Checkpoint | null = null, incarnation = 'life-1'): this {
    return this.tell({ kind: 'opened', checkpoint, incarnation })
  }

  configure(changes: Partial<FlowConfig>, matches?: Matches): this {
    this.config = { ...this.config, ...changes }
    return this.tell({ kind: 'configured', matches })
  }

  /** When it wants a timer, whichever clock says so; null: it waits for answers alone. */
  dueMs(): number | null {
    const { monoMs, receiptMonoMs } = deadline(this.state)
    const ownMs = monoMs === null ? null : monoMs - this.aheadMs
    if (ownMs === null || receiptMonoMs === null) return ownMs ?? receiptMonoMs
    return Math.min(ownMs, receiptMonoMs)
  }

  /** Every request of this kind that is not answered yet. */
  out<K extends FlowRequest['kind']>(kind: K): Request<K>[] {
    return [...this.#out.values()].filter((request): request is Request<K> => request.kind === kind)
  }

  /** Every command of this kind so far. */
  said<K extends FlowCommand['kind']>(kind: K): Notice<K>[] {
    return this.commands.filter((command): command is Notice<K> => command.kind === kind)
  }

  answer(request: FlowRequest, event: FlowEvent): this {
    if (!this.#out.delete(request.id)) throw new Error(`${request.kind} ${String(request.id)} is not out`)
    return this.tell(event)
  }

  /** Answers the oldest read. */
  page(records: readonly FlowRecord[], rest: { end?: boolean; tip?: boolean; fromKeptEnd?: boolean } = {}): this {
    return this.reads({
      kind: 'records',
      records,
      end: rest.end ?? false,
      tip: rest.tip ?? true,
      fromKeptEnd: rest.fromKeptEnd,
    })
  }

  reads(result: ReadOutcome): this {
    const read = this.#oldest('read')
    return this.answer(read, { kind: 'readDone', id: read.id, result })
  }

  permit(): this {
    const permit = this.#oldest('permit')
    return this.answer(permit, { kind: 'permitted', id: permit.id })
  }

  invoked(outcome: Outcome): this {
    const invoke = this.#oldest('invoke')
    return this.answer(invoke, { kind: 'invoked', id: invoke.id, outcome })
  }

  settled(failed: readonly number[] = [], final: readonly number[] = []): this {
    const settle = this.#oldest('settle')
    return this.answer(settle, { kind: 'settled', id: settle.id, failed, final })
  }

  extended(failed: readonly number[] = [], final: readonly number[] = []): this {
    const extend = this.#oldest('extend')
    return this.answer(extend, { kind: 'extended', id: extend.id, failed, final })
  }

  discarded(fate: 'delivered' | 'undeliverable' | 'undestined' = 'delivered'): this {
    const discard = this.#oldest('discard')
    return this.answer(discard, { kind: 'discarded', id: discard.id, fate })
  }

  checkpointed(): this {
    const checkpoint = this.#oldest('checkpoint')
    return this.answer(checkpoint, { kind: 'checkpointed', id: checkpoint.id })
  }

  after(ms: number): this {
    this.nowMs += ms
    return this.tell({ kind: 'timer' })
  }

  /** Answers whatever is out, and lets time pass, until only reads are out and nothing is due within `patienceMs`. */
  run(handler: Handler, patienceMs = 3_600_000): this {
    for (let turns = 0; turns < 10_000 && !this.#ended; turns++) {
      if (this.#answerOne(handler)) continue
      const dueMs = this.dueMs()
      if (dueMs === null || dueMs > this.nowMs + patienceMs) return this
      this.after(Math.max(0, dueMs - this.nowMs))
    }
    if (!this.#ended) throw new Error('the flow never comes to rest')
    return this
  }

  #answerOne(handler: Handler): boolean {
    for (const request of this.#out.values()) {
      const event = defaultAnswer(request, handler)
      if (event === null) continue
      this.answer(request, event)
      return true
    }
    return false
  }

  /** The batches that were invoked, by record. */
  invocations(): string[][] {
    return this.said('invoke').map((invoke) => invoke.records.map((record) => record.id))
  }

  windows(): (WindowFrame | null)[] {
    return this.said('invoke').map((invoke) => invoke.window)
  }

  discards(): { ids: string[]; condition: string; attempts: number }[] {
    return this.said('discard').map(({ records, condition, attempts }) => ({
      ids: records.map((record) => record.id),
      condition,
      attempts,
    }))
  }

  lastCheckpoint(): Checkpoint | null {
    return this.said('checkpoint').at(-1)?.checkpoint ?? null
  }

  #oldest<K extends FlowRequest['kind']>(kind: K): Request<K> {
    const [request] = this.out(kind)
    if (request === undefined) throw new Error(`no ${kind} is out; last: ${JSON.stringify(this.commands.at(-1))}`)
    return request
  }
}

function defaultAnswer(request: FlowRequest, handler: Handler): FlowEvent | null {
  const { id } = request
  switch (request.kind) {
    case 'read':
      return null
    case 'permit':
      return { kind: 'permitted', id }
    case 'invoke':
      return {
        kind: 'invoked',
        id,
        outcome: handler(
          request.records.map((record) => record.id),
          request,
        ),
      }
    case 'settle':
      return { kind: 'settled', id, failed: [] }
    case 'release':
      return { kind: 'released', id }
    case 'extend':
      return { kind: 'extended', id, failed: [] }
    case 'look':
      return { kind: 'looked', id, answer: 'answers' }
    case 'discard':
      return { kind: 'discarded', id, fate: 'delivered' }
    case 'checkpoint':
      return { kind: 'checkpointed', id }
    default:
      return request satisfies never
  }
}

export function stream(ids: readonly number[], changes: Partial<FlowRecord> = {}): FlowRecord[] {
  return ids.map((id) => ({
    id: String(id),
    position: String(id),
    receipt: '',
    fragment: `{"n":${String(id)}}`,
    bytes: 10,
    orderKey: 'key',
    orderHash: 0,
    arrivedMs: 0,
    matched: true,
    ...changes,
  }))
}

/** Messages; of the group given, where the queue has groups. */
export function messages(ids: readonly number[], group = '', changes: Partial<FlowRecord> = {}): FlowRecord[] {
  return stream(ids, { orderKey: group, ...changes }).map((record) => ({
    ...record,
    position: '',
    receipt: `receipt-${record.id}`,
  }))
}

const reply: InvocationReply = {
  requestId: 'request',
  statusCode: 200,
  executedVersion: '$LATEST',
  functionError: null,
}

export const ok: Outcome = { kind: 'succeeded', reply, state: null }
export const thrown: Outcome = {
  kind: 'failed',
  reply: { ...reply, functionError: 'Unhandled' },
  errorType: 'Error',
  message: 'boom',
}
export const throttled: Outcome = { kind: 'notRun', reason: 'throttled', message: 'slow down' }

export function reported(...failed: number[]): Outcome {
  return { kind: 'partial', reply, failed, state: null }
}

export function counted(json: string, bytes = json.length): Outcome {
  return { kind: 'succeeded', reply, state: { json, bytes } }
}

/** Gets on up to a record, and hands back the state of what it did. */
export function reportedWith(state: WindowState, ...failed: number[]): Outcome {
  return { kind: 'partial', reply, failed, state }
}

/** Throws whenever one of these is in the batch. */
export function throwsOn(...poison: string[]): Handler {
  return (ids) => (ids.some((id) => poison.includes(id)) ? thrown : ok)
}
