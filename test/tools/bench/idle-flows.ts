import type { EngineCommands } from './engine-process.ts'
import { startChild } from './child.ts'
import { profilingArguments } from './profile.ts'
import type { Row } from './report.ts'

/** What shards cost in which nothing happens, without the requests: timers, machines, memory. */
export async function idleFlows(
  sizes: { readonly idleShards: number; readonly idleMs: number },
  profiles: string | null,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const shards of [1, sizes.idleShards]) {
    const engine = await startChild<EngineCommands>('./engine-process.ts', profilingArguments(profiles))
    try {
      const { cpuMs, reads, addedBytes } = await engine.call('idle', { shards, overMs: sizes.idleMs })
      rows.push({
        name: `${shards} ${shards === 1 ? 'shard' : 'shards'}`,
        values: {
          'CPU % of a core': (cpuMs / sizes.idleMs) * 100,
          'MB above none': addedBytes / 1e6,
          'reads/s': (reads / sizes.idleMs) * 1_000,
          'CPU µs/read': (cpuMs * 1_000) / reads,
          'over ms': sizes.idleMs,
        },
      })
    } finally {
      await engine.stop()
    }
  }
  return rows
}
