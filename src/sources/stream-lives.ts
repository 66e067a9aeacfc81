import type { DescribeResult, StreamListing } from '../ports.ts'
import type { Trouble } from './service-errors.ts'
import { untilAborted } from '../async/until-aborted.ts'

/**
 * Which lives of a stream can be read. A stream that is deleted and made again, or an emulator that was restarted, keeps
 * its name while its sequence numbers begin anew (floci#2076): positions of one life mean nothing in the next.
 */
export interface StreamLives {
  /** Those that were seen last; looks when none was. */
  current(signal: AbortSignal): Promise<CurrentLives>
  /** Several who look at the same time share one look. */
  look(signal: AbortSignal): Promise<DescribeResult>
  /** Something suggests that the stream went away: look again before the next read. */
  doubt(): void
  /** Looks from now on tell of the older streams of the same name from this one on; null: of none. */
  attach(arn: string | null): void
}

export interface StreamLife {
  readonly arn: string
  readonly incarnation: string
  readonly startingPositions: ReadonlyMap<string, string>
}

export type CurrentLives =
  | {
      readonly kind: 'known'
      /** The newest is the last one. */
      readonly lives: readonly [...StreamLife[], StreamLife]
    }
  | Trouble

/** `closing` ends the looks that several readers share. */
export function createStreamLives(
  describe: (signal: AbortSignal, since: string | null) => Promise<DescribeResult>,
  attachedTo: string | null,
  closing: AbortSignal,
): StreamLives {
  let since = attachedTo
  let seen: Extract<CurrentLives, { kind: 'known' }> | null = null
  let doubtful = false
  let looking: Promise<DescribeResult> | null = null

  async function lookOnce(): Promise<DescribeResult> {
    try {
      const result = await describe(closing, since)
      if (result.kind === 'found') {
        seen = { kind: 'known', lives: [...(result.older ?? []).map(lifeOf), lifeOf(result)] }
        since ??= result.arn
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
    attach(arn) {
      since = arn
    },
    async current(signal) {
      if (seen !== null && !doubtful) return seen
      const result = await look(signal)
      if (seen === null) return result.kind === 'found' ? notDescribed : result
      if (result.kind !== 'found' && result.kind !== 'denied') return result
      // Who may read a stream need not be allowed to look at it again.
      doubtful = false
      return seen
    },
  }
}

function lifeOf({ arn, incarnation, shards }: StreamListing): StreamLife {
  const startingPositions = new Map(shards.map(({ shardId, startingPosition }) => [shardId, startingPosition]))
  return { arn, incarnation, startingPositions }
}

const notDescribed = { kind: 'failed', message: 'The stream was not described.' } as const
