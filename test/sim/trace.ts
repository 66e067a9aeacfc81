import type { FlowCommand, FlowEnv, FlowEvent } from '../../src/core/flow/messages.ts'
import type { FlowConfig } from '../../src/core/flow/config.ts'
import type { Checkpoint } from '../../src/model/checkpoint.ts'
import type { FlowRecord } from '../../src/model/record.ts'
import type { Book } from './book.ts'
import type { PutFact } from './put-fact.ts'

/** What happened in a run, in order. `t` is virtual milliseconds. Checkers see nothing else. */
export type Entry =
  | { readonly kind: 'put'; readonly t: number; readonly fact: PutFact }
  | { readonly kind: 'gone'; readonly t: number; readonly key: string; readonly how: 'trimmed' | 'deleted' | 'dlq' }
  /** A shell told a flow of an event; what the flow answered follows as `command` entries. */
  | {
      readonly kind: 'event'
      readonly t: number
      readonly life: number
      readonly event: FlowEvent
      readonly config: FlowConfig
      readonly env: FlowEnv
    }
  | { readonly kind: 'command'; readonly t: number; readonly life: number; readonly command: FlowCommand }
  /** The store accepted a checkpoint. */
  | { readonly kind: 'written'; readonly t: number; readonly life: number; readonly checkpoint: Checkpoint }
  | { readonly kind: 'crashed'; readonly t: number; readonly life: number }
  | { readonly kind: 'healed'; readonly t: number }
  /** The run ended and everything that can be done was done. */
  | { readonly kind: 'converged'; readonly t: number }

export interface Checker {
  readonly name: string
  /** `book` says what was true before the entry. */
  see(entry: Entry, book: Book): void
}

export class Violation extends Error {
  override readonly name = 'Violation'
}

export function violate(checker: string, message: string): never {
  throw new Violation(`${checker}: ${message}`)
}

export function shown(records: readonly FlowRecord[]): string {
  return `[${records.map((record) => record.fragment).join(' ')}]`
}

/** One line of a printed trace. */
export function describeEntry(entry: Entry): string {
  const at = `${String(entry.t).padStart(8)} ms`
  switch (entry.kind) {
    case 'event':
      return `${at} #${String(entry.life)} -> ${compact(entry.event)}`
    case 'command':
      return `${at} #${String(entry.life)}    <- ${compact(entry.command)}`
    case 'put':
    case 'gone':
    case 'written':
    case 'crashed':
    case 'healed':
    case 'converged':
      return `${at} ** ${compact(entry)}`
    default:
      return entry satisfies never
  }
}

function compact(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if ((key === 'records' || key === 'gathered') && Array.isArray(inner)) return shown(inner as FlowRecord[])
    if (key === 'message' || key === 't') return undefined
    return inner
  }).replaceAll('\\"', '')
}
