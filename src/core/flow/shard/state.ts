import type { CompletedRange, WindowCheckpoint } from '../../../model/checkpoint.ts'
import type { ReadFrom } from '../messages.ts'
import type { FlowConfig } from '../config.ts'
import type { Held } from '../state.ts'
import type { ResolvedRun } from './resolved-run.ts'
import { type Slot, createSlots } from './slots.ts'

/** The reader and the ledger of a shard. */
export interface ShardState {
  readonly kind: 'shard'
  /** Where the next read begins. */
  cursor: ReadFrom
  /** The shard is closed and read to its end. */
  atEnd: boolean
  /** Reading went on at the end that was kept when the mapping was made: whatever it is stamped with, what comes now is younger. */
  sinceStart: boolean
  /** The source has it no more: nothing is left to be read, and no position to be kept. */
  gone: boolean
  /** When a page last said that nothing newer was there (the source's clock); null: the last page did not. */
  tipSeenMs: number | null
  incarnation: string
  /** Counts the lives of the stream that this flow has seen; positions of different lives are never mixed. */
  life: number
  /** Every record that was read and does not lie below the watermark yet, in shard order. */
  entries: (Held | ResolvedRun)[]
  /** What those among them weigh that are resolved and not yet part of a run. */
  resolvedBytes: number
  watermark: string | null
  /** When its record arrived, by the source's clock. */
  watermarkArrivedMs: number | null
  /** Everything that arrived up to this moment (the source's clock) was read; null: nobody knows. */
  readUpToMs: number | null
  /** Runs that the checkpoint says are resolved: skipped when they are read again. */
  skips: CompletedRange[]
  /** Inside such a run: the position that ends it. */
  skippingTo: string | null
  /** When the record that was skipped last arrived, by the source's clock. */
  skippedArrivedMs: number
  slots: Slot[]
  /** How the slots are laid out; a difference to the config means: lay them out anew once they are empty. */
  tumblingMs: number
  window: OpenWindow | null
  /** Something has been resolved or the window has changed since the last checkpoint was asked for. */
  dirty: boolean
  /** The last checkpoint of the shard, the one that says `done`, is written. */
  doneWritten: boolean
}

export interface OpenWindow extends WindowCheckpoint {
  state: string
  stateBytes: number
  phase: WindowCheckpoint['phase']
}

export function createShardState(config: FlowConfig): ShardState {
  return {
    kind: 'shard',
    cursor: config.startFrom,
    atEnd: false,
    sinceStart: false,
    gone: false,
    tipSeenMs: null,
    incarnation: '',
    life: 0,
    entries: [],
    resolvedBytes: 0,
    watermark: null,
    watermarkArrivedMs: null,
    readUpToMs: null,
    skips: [],
    skippingTo: null,
    skippedArrivedMs: 0,
    slots: createSlots(config.slots),
    tumblingMs: config.tumblingMs,
    window: null,
    dirty: false,
    doneWritten: false,
  }
}

/** There is nothing more to read. */
export function isReadOut({ atEnd, gone }: ShardState): boolean {
  return atEnd || gone
}
