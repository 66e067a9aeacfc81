import type { MappingState } from '../../model/mapping.ts'
import type { DrainReason } from '../flow/messages.ts'
import type { ShardFacts } from './family.ts'

/** What the machine of one mapping asks of its shell. Each is answered by exactly one event that carries its id. */
export type MappingRequest =
  /** Which flows are done already, by their checkpoints → `loaded`. */
  | { readonly kind: 'load'; readonly id: number }
  /** Look at the source and the function → `described`. */
  | { readonly kind: 'describe'; readonly id: number }
  /** Write down that this life of the source is read from now on: what was before it is done, or gone → `attached`. */
  | { readonly kind: 'attach'; readonly id: number; readonly incarnation: string }
  /** Run a flow until it ends by itself or is drained → `flowEnded`. */
  | {
      readonly kind: 'startFlow'
      readonly id: number
      readonly flow: string
      readonly incarnation: string
      /** `late`: the shard was not there when reading began, so it is read from its beginning. */
      readonly origin: 'first' | 'late'
    }
  /** Lay the new parameters over the running flows → `configured`. */
  | { readonly kind: 'configure'; readonly id: number }
  /** Write the state down → `saved`. */
  | { readonly kind: 'save'; readonly id: number; readonly state: MappingState }
  /** Remove the checkpoint of a shard that nobody names any more → `forgotten`. */
  | { readonly kind: 'forget'; readonly id: number; readonly flow: string }
  /** Remove the mapping with all it kept → `removed`. */
  | { readonly kind: 'remove'; readonly id: number }

export type MappingNotice =
  /** The request with this id is to be given up; it still answers, with `cancelled` or with what it had. */
  | { readonly kind: 'cancel'; readonly id: number }
  /** The flow that was started under this id is to come to its end. */
  | { readonly kind: 'drainFlow'; readonly id: number; readonly reason: DrainReason }
  | {
      readonly kind: 'sourceTrouble'
      readonly trouble: DescribeTrouble
      readonly message: string
      readonly retryMs: number
    }
  | { readonly kind: 'sourceHealthy' }
  /** A shard that the source neither lists nor lets anyone read: it is done with what was read of it (behaviour §13.5). */
  | { readonly kind: 'shardGone'; readonly id: number; readonly flow: string; readonly incarnation: string }
  /** Nothing is outstanding any more: after `stop`, or after the mapping was removed. */
  | { readonly kind: 'stopped' }

export type MappingCommand = MappingRequest | MappingNotice

export type DescribeTrouble = 'missing' | 'denied' | 'throttled' | 'failed'

export type Described =
  | (StreamLife & {
      readonly kind: 'found'
      /** Lives of the same source that ended before this one and can still be read, oldest first. */
      readonly older?: readonly StreamLife[] | undefined
    })
  /** The source is there and the function is not: what would be read now could only wear out. */
  | { readonly kind: 'functionMissing' }
  | { readonly kind: DescribeTrouble; readonly message: string; readonly retryAfterMs?: number | undefined }

export interface StreamLife {
  readonly incarnation: string
  readonly shards: readonly ShardFacts[]
}

export type FlowEnd =
  /** The shard was read to its end and everything in it is resolved. */
  | { readonly how: 'finished'; readonly incarnation: string }
  | { readonly how: 'drained' }
  /** Another owner has the flow, or an assertion failed. */
  | { readonly how: 'failed' }

export type MappingEvent =
  /** Once, first: the state the store has, and whether the mapping is wanted to run. */
  | { readonly kind: 'start'; readonly state: MappingState; readonly enabled: boolean }
  | { readonly kind: 'loaded'; readonly id: number; readonly done: readonly DoneFlow[] }
  | { readonly kind: 'described'; readonly id: number; readonly result: Described }
  | { readonly kind: 'attached'; readonly id: number }
  | { readonly kind: 'flowEnded'; readonly id: number; readonly end: FlowEnd }
  | { readonly kind: 'configured'; readonly id: number }
  | { readonly kind: 'saved'; readonly id: number }
  | { readonly kind: 'forgotten'; readonly id: number }
  | { readonly kind: 'removed'; readonly id: number }
  | { readonly kind: 'cancelled'; readonly id: number }
  | { readonly kind: 'timer' }
  /** A running flow finds its shard refused as missing, or readable again. */
  | { readonly kind: 'flowRefused'; readonly flow: string; readonly refused: boolean }
  /** An update or a delete was written down with this state. */
  | { readonly kind: 'changed'; readonly state: MappingState }
  | { readonly kind: 'stop' }

export interface DoneFlow {
  readonly flow: string
  readonly incarnation: string
}

export interface MappingEnv {
  readonly monoMs: number
  /** In [0, 1). */
  readonly jitter: number
}

/** Times of the machine; `mappingPace` has the usual ones. */
export interface MappingPace {
  /** Between two looks at a source where nothing is expected to change. */
  readonly relistMs: number
  /** The first look again after a shard's end: its children may be listed late (behaviour §13.12). */
  readonly lookAgainMs: number
  /** After a look that failed. */
  readonly troubleMs: { readonly baseMs: number; readonly capMs: number }
  /** After a flow that failed. */
  readonly restartMs: { readonly baseMs: number; readonly capMs: number }
  /** How long a finished shard is remembered after the listing dropped it. */
  readonly forgetMs: number
}

export const mappingPace: MappingPace = {
  relistMs: 30_000,
  lookAgainMs: 100,
  troubleMs: { baseMs: 500, capMs: 5_000 },
  restartMs: { baseMs: 1_000, capMs: 60_000 },
  forgetMs: 3_600_000,
}
