import type { AwsCaller } from '../access/aws-access.ts'
import type { DescribeResult, Source } from '../ports.ts'
import { createShardIterators } from './shard-iterators.ts'
import type { ShardProtocol } from './shard-iterators.ts'
import type { SourceAccess } from './source-access.ts'
import { createStreamLives } from './stream-lives.ts'

export interface StreamParts {
  readonly describe: (signal: AbortSignal) => Promise<DescribeResult>
  readonly protocol: ShardProtocol
  /** Who reads: the clock of its endpoint is the stream's. */
  readonly reader: AwsCaller
}

/** A stream of either service as the engine sees it: a position is acknowledged by its checkpoint, not at the stream. */
export function createStreamSource({ describe, protocol, reader }: StreamParts, access: SourceAccess): Source {
  const closing = new AbortController()
  const lives = createStreamLives(describe, closing.signal)
  const iterators = createShardIterators(protocol, lives)
  return {
    describe: (signal) => lives.look(signal),
    depth: async () => ({ kind: 'uncounted' }),
    read: (request, signal) => iterators.read(request, signal),
    settle: async () => ({ failed: [] }),
    release: async () => {},
    clockOffsetMs: () => access.offsetMs(reader.endpoint),
    async close() {
      closing.abort(new Error('The source is closed.'))
    },
  }
}
