import type { Checkpoint } from '../../../src/model/checkpoint.ts'
import type { DropReason } from '../../../src/core/flow/messages.ts'
import type { MappingState } from '../../../src/model/mapping.ts'
import type { ReadRequest } from '../../../src/ports.ts'
import type { Fact } from './world/facts.ts'

/** What was seen at the ports of the engine and by its users, in order. Checkers see nothing else. */
export type Observation = { readonly t: number } & (
  | { readonly kind: 'put'; readonly fact: Fact }
  /** A process began, died, was cut off, or came to its orderly end. */
  | { readonly kind: 'process'; readonly process: number; readonly is: ProcessNews }
  /** One of the calls that a mapping makes to its queue or stream. */
  | {
      readonly kind: 'asked'
      readonly process: number
      readonly uuid: string
      readonly what: 'describe' | 'read' | 'settle' | 'extend' | 'release'
      /** Shard id; empty where there is none. */
      readonly shardId: string
      readonly from: ReadRequest['from']
      /** The life of the stream that is read. */
      readonly incarnation: string | null
      /** It is over, and can still be read. */
      readonly older: boolean
    }
  /** Records reached the process, with their receipts. */
  | { readonly kind: 'received'; readonly process: number; readonly uuid: string; readonly numbers: readonly number[] }
  /** The visibility of messages was to be extended; `refused`: those of which it was not. */
  | {
      readonly kind: 'extended'
      readonly process: number
      readonly uuid: string
      readonly numbers: readonly number[]
      readonly refused: readonly number[]
    }
  | { readonly kind: 'released'; readonly process: number; readonly uuid: string; readonly numbers: readonly number[] }
  | {
      readonly kind: 'invoked'
      readonly process: number
      readonly uuid: string
      readonly attempt: number
      readonly numbers: readonly number[]
      /** When the function will answer; nothing lasts for ever. */
      readonly endsMs: number
    }
  /** The answer reached the process, or the process gave the attempt up (`acked` is empty then). */
  | {
      readonly kind: 'answered'
      readonly process: number
      readonly uuid: string
      readonly attempt: number
      readonly acked: readonly number[]
    }
  | { readonly kind: 'delivered'; readonly process: number; readonly uuid: string; readonly numbers: readonly number[] }
  | {
      readonly kind: 'dropped'
      readonly process: number
      readonly uuid: string
      readonly count: number
      readonly reason: DropReason
    }
  | {
      readonly kind: 'session'
      readonly process: number
      readonly uuid: string
      readonly flow: string
      readonly fence: number
    }
  | {
      readonly kind: 'written'
      readonly process: number
      readonly uuid: string
      readonly flow: string
      readonly fence: number
      readonly checkpoint: Checkpoint
      readonly answer: 'written' | 'fenced'
      /** The answer is on its way to the process. */
      readonly told: boolean
    }
  /** The store took a mapping's document; `null`: it was removed. */
  | { readonly kind: 'stored'; readonly process: number; readonly uuid: string; readonly state: MappingState | null }
  /** The user's call was sent; then it was answered. A call whose process died is never answered. */
  | { readonly kind: 'called'; readonly call: number; readonly uuid: string | null; readonly wants: Wish }
  | { readonly kind: 'accepted' | 'refused'; readonly call: number; readonly uuid: string | null; readonly wants: Wish }
  | { readonly kind: 'healed' }
  | { readonly kind: 'converged' }
)

export type ProcessNews = 'started' | 'crashed' | 'cut off' | 'stopping' | 'aborted' | 'stopped'

/** What a user asks of a mapping: a state with its parameters as JSON text, or that it be gone. */
export type Wish = { readonly state: 'Enabled' | 'Disabled'; readonly parameters: string } | { readonly state: 'gone' }

export interface Checker {
  readonly name: string
  see(seen: Observation): void
}

export class Violation extends Error {
  override readonly name = 'Violation'
}

export function violate(checker: string, message: string): never {
  throw new Violation(`${checker}: ${message}`)
}
