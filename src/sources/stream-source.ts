import type { AwsCaller, SourceAccess } from '../access/aws-access.ts'
import type { DescribeResult, Source } from '../ports.ts'
import { createLatestEnds } from './latest-ends.ts'
import { createShardIterators } from './shard-iterators.ts'
import type { ShardProtocol } from './shard-iterators.ts'
import { createStreamLives } from './stream-lives.ts'

export interface StreamParts {
  readonly describe: (signal: AbortSignal, since: string | null) => Promise<DescribeResult>
  /** The ARN of the stream that the mapping was reading when it was opened; null: none yet, or it names the ARN itself. */
  readonly attachedTo: string | null
  readonly protocol: ShardProtocol
  /** Who reads: the clock of its endpoint is the stream's. */
  readonly reader: AwsCaller
  readonly seeksByTime: boolean
}

/** A stream of either service as the engine sees it: a position is acknowledged by its checkpoint, not at the stream. */
export function createStreamSource(parts: StreamParts, access: SourceAccess): Source {
  const { describe, attachedTo, protocol, reader, seeksByTime } = parts
  const closing = new AbortController()
  const lives = createStreamLives(describe, attachedTo, closing.signal)
  const iterators = createShardIterators(protocol, lives)
  return {
    describe(signal, since) {
      if (since !== undefined) lives.attach(since)
      return lives.look(signal)
    },
    ...(seeksByTime ? {} : { keepLatest: createLatestEnds(lives, iterators) }),
    depth: async () => ({ kind: 'uncounted' }),
    read: (request, signal) => iterators.read(request, signal),
    settle: async () => ({ failed: [] }),
    extend: async () => ({ failed: [] }),
    release: async () => {},
    clockOffsetMs: () => access.offsetMs(reader.endpoint),
    async close() {
      closing.abort(new Error('The source is closed.'))
    },
  }
}
