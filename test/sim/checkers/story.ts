import type { FlowCommand, FlowEvent, FlowRequest } from '../../../src/core/flow/messages.ts'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import type { Checkpoint } from '../../../src/model/checkpoint.ts'
import type { InvocationReply, Outcome } from '../../../src/model/invocation.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import { createBook } from '../book.ts'
import { apply } from '../bookkeeping.ts'
import type { PutFact } from '../put-fact.ts'
import { type Checker, type Entry, Violation } from '../trace.ts'
import { plainConfig } from '../world/configs.ts'
import type { Terms } from './terms.ts'

/** A trace told by hand, to show a checker what it must not let pass. */
export class Story {
  readonly entries: Entry[] = []
  config: FlowConfig
  life = 1
  #t = 0
  #nextId = 100

  constructor(kind: 'sqs' | 'sqs-fifo' | 'kinesis', changes: Partial<FlowConfig> = {}) {
    this.config = plainConfig(kind, changes)
  }

  after(ms: number): this {
    this.#t += ms
    return this
  }

  /** What the flow may be charged from here on. */
  allowedBytes = 1_000_000_000

  put(...records: FlowRecord[]): this {
    for (const one of records) this.putWith(one, {})
    return this
  }

  putWith(one: FlowRecord, changes: Partial<PutFact>): this {
    const fact = {
      key: one.fragment,
      incarnation: 'life-1',
      position: one.position,
      place: 0,
      orderKey: one.orderKey,
      poison: false,
      oversize: false,
      beforeStart: false,
      ...changes,
    }
    this.entries.push({ kind: 'put', t: this.#t, fact })
    return this
  }

  gone(one: FlowRecord, how: 'trimmed' | 'deleted' | 'dlq'): this {
    this.entries.push({ kind: 'gone', t: this.#t, key: one.fragment, how })
    return this
  }

  opened(checkpoint: Checkpoint | null = null): this {
    return this.event({ kind: 'opened', checkpoint, incarnation: 'life-1' })
  }

  event(event: FlowEvent): this {
    const env = {
      monoMs: this.#t,
      receiptMonoMs: this.#t,
      sourceMs: this.#t,
      retentionSourceMs: this.#t,
      allowedBytes: this.allowedBytes,
      jitter: 0.5,
    }
    this.entries.push({ kind: 'event', t: this.#t, life: this.life, event, env, config: this.config })
    return this
  }

  command(command: FlowCommand): this {
    this.entries.push({ kind: 'command', t: this.#t, life: this.life, command })
    return this
  }

  /** A read and its page. */
  read(...records: FlowRecord[]): this {
    const id = this.id()
    const from = this.config.traits.progress === 'position' ? ({ at: 'horizon' } as const) : null
    this.command({ kind: 'read', id, recordsMax: 5, waitMs: 0, visibilityMs: null, from, repeats: null })
    return this.event({ kind: 'readDone', id, result: { kind: 'records', records, end: false, tip: true } })
  }

  /** Asks and gets a permit, and invokes under it. Answers with the invocation's id. */
  invoke(records: readonly FlowRecord[], changes: Partial<Extract<FlowRequest, { kind: 'invoke' }>> = {}): number {
    const permit = this.id()
    this.command({ kind: 'permit', id: permit })
    this.event({ kind: 'permitted', id: permit })
    const id = this.id()
    this.command({ kind: 'invoke', id, permit, records, attempt: 1, window: null, ...changes })
    return id
  }

  invoked(id: number, outcome: Outcome): this {
    return this.event({ kind: 'invoked', id, outcome })
  }

  checkpoint(changes: Partial<Checkpoint>): this {
    return this.command({ kind: 'checkpoint', id: this.id(), checkpoint: checkpointOf(changes) })
  }

  written(changes: Partial<Checkpoint>): this {
    this.entries.push({ kind: 'written', t: this.#t, life: this.life, checkpoint: checkpointOf(changes) })
    return this
  }

  converged(): this {
    this.entries.push({ kind: 'converged', t: this.#t })
    return this
  }

  id(): number {
    this.#nextId += 1
    return this.#nextId
  }

  /** What the checker says of it; null when it finds nothing. */
  judged(checker: Checker): string | null {
    const book = createBook()
    try {
      for (const entry of this.entries) {
        checker.see(entry, book)
        apply(book, entry)
      }
      return null
    } catch (error) {
      if (error instanceof Violation) return error.message
      throw error
    }
  }
}

function checkpointOf(changes: Partial<Checkpoint>): Checkpoint {
  return { incarnation: 'life-1', watermark: null, completed: [], window: null, done: false, ...changes }
}

export const reply: InvocationReply = {
  requestId: 'q',
  statusCode: 200,
  executedVersion: '$LATEST',
  functionError: null,
}
export const success: Outcome = { kind: 'succeeded', reply, state: null }
export const failure = { kind: 'failed', reply, errorType: 'Error', message: 'boom' } as const satisfies Outcome

/** A stream record, or a message when it is given a receipt. */
export function record(place: number, changes: Partial<FlowRecord> = {}): FlowRecord {
  return {
    id: String(place),
    position: String(place),
    receipt: '',
    fragment: `r${String(place)}`,
    bytes: 10,
    orderKey: 'k',
    orderHash: 0,
    arrivedMs: 0,
    matched: true,
    ...changes,
  }
}

export function message(place: number, changes: Partial<FlowRecord> = {}): FlowRecord {
  return record(place, { position: '', receipt: `receipt-${String(place)}`, ...changes })
}

export const terms: Terms = { functionTimeoutMs: 1_000, deterministic: true, poisonStays: true, slackMs: 5 }

export const shard = (changes: Partial<FlowConfig> = {}): Story => new Story('kinesis', changes)
export const queue = (changes: Partial<FlowConfig> = {}): Story => new Story('sqs', changes)
export const fifo = (changes: Partial<FlowConfig> = {}): Story => new Story('sqs-fifo', changes)

/** Something that must not pass, and what the checker says of it. */
export interface Case {
  readonly checker: () => Checker
  readonly wrong: string
  readonly story: () => Story
  readonly says: RegExp
}

export function told(story: Story, tell: (story: Story) => unknown): Story {
  tell(story)
  return story
}
