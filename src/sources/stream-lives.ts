import type { DescribeResult } from '../ports.ts'
import type { Trouble } from './service-errors.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * Which life of a stream is being read. A stream that is deleted and made again, or an emulator that was restarted, keeps
 * its name while its sequence numbers begin anew (floci#2076): positions of one life mean nothing in the next.
 */
export interface StreamLives {
  /** The life that was seen last; looks when none was. */
  current(signal: AbortSignal): Promise<CurrentLife>
  /** Several who look at the same time share one look. */
  look(signal: AbortSignal): Promise<DescribeResult>
  /** Something suggests that the stream went away: look again before the next read. */
  doubt(): void
}

export interface StreamLife {
  readonly arn: string
  readonly incarnation: string
  readonly startingPositions: ReadonlyMap<string, string>
}

export type CurrentLife = { readonly kind: 'known'; readonly life: StreamLife } | Trouble

/** `closing` ends the looks that several readers share. */
export function createStreamLives(
  describe: (signal: AbortSignal) => Promise<DescribeResult>,
  closing: AbortSignal,
): StreamLives {
  let seen: StreamLife | null = null
  let doubtful = false
  let looking: Promise<DescribeResult> | null = null

  async function lookOnce(): Promise<DescribeResult> {
    try {
      const result = await describe(closing)
      if (result.kind === 'found') {
        const { arn, incarnation, shards } = result
        const startingPositions = new Map(shards.map(({ shardId, startingPosition }) => [shardId, startingPosition]))
        seen = { arn, incarnation, startingPositions }
        doubtful = false
      }
      return result
    } finally {
      looking = null
    }
  }

  const look = (signal: AbortSignal): Promise<DescribeResult> => untilAborted((looking ??= lookOnce()), signal)

  return {
    look,
    doubt() {
      doubtful = true
    },
    async current(signal) {
      if (seen !== null && !doubtful) return { kind: 'known', life: seen }
      const result = await look(signal)
      if (seen === null) return result.kind === 'found' ? notDescribed : result
      if (result.kind !== 'found' && result.kind !== 'denied') return result
      // Who may read a stream need not be allowed to look at it again.
      doubtful = false
      return { kind: 'known', life: seen }
    },
  }
}

const notDescribed = { kind: 'failed', message: 'The stream was not described.' } as const
