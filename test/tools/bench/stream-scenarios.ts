import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, type Child } from './child.ts'
import { arrived } from './arrival.ts'
import type { Running } from './contender.ts'
import type { FunctionCommands } from './function-process.ts'
import { besides, median, type Row } from './report.ts'
import type { StreamBackendCommands } from './stream-backend-process.ts'
import { bareHttpLoop, type StreamContender, type StreamRoute } from './stream-contender.ts'
import type { StreamLoopCommands } from './stream-loop-process.ts'
import { machineMs, usageOf } from './usage.ts'

export interface StreamBench {
  readonly streams: Child<StreamBackendCommands>
  readonly fn: Child<FunctionCommands>
  readonly contenders: readonly StreamContender[]
  readonly sizes: StreamSizes
}

export interface StreamSizes {
  readonly records: number
  readonly recordBytes: number
  readonly shards: readonly number[]
  readonly recordPickUps: number
  readonly idleShards: number
  readonly idleMs: number
}

/** A full stream: from the moment its records are there to the last one's arrival at the function. */
export async function readThrough(bench: StreamBench): Promise<readonly Row[]> {
  const rows: Row[] = []
  const { records, recordBytes: bytes } = bench.sizes
  for (const shards of bench.sizes.shards) {
    const perShard = Math.ceil(records / shards)
    const beside: Row[] = []
    for (const contender of bench.contenders) {
      const made = { shards, bytes, warmUp: records / 10 }
      const row = await withStream(bench, contender, made, async (name, running) => {
        await bench.fn.call('reset', { workMs: 0 })
        const before = usageOf(running.pid)
        const { beganMs } = await bench.streams.call('fill', { name, records: perShard })
        const counts = await arrived(bench.fn, running, perShard * shards)
        const after = usageOf(running.pid)
        const cpuMs = before === null || after === null ? Number.NaN : after.cpuMs - before.cpuMs
        return {
          name: `${shards} shard${shards === 1 ? '' : 's'}, ${contender.name}`,
          values: {
            'records/s': (counts.records / (counts.lastMs - beganMs)) * 1_000,
            'CPU µs/record': (cpuMs * 1_000) / counts.records,
            'records/invocation': counts.records / counts.invocations,
            'at once, most': counts.runningMax,
            'RSS MB': (after?.rssBytes ?? Number.NaN) / 1e6,
          },
        }
      })
      beside.push(row)
    }
    rows.push(...besides(beside, bareHttpLoop, 'records/s'))
  }
  return rows
}

/** From the moment before a record is in the idle stream to its arrival at the function. */
export async function recordPickUp(bench: StreamBench): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const contender of bench.contenders) {
    const made = { shards: 1, bytes: 1_024, warmUp: 1_000 }
    const row = await withStream(bench, contender, made, async (name, running, route) => {
      const tookMs: number[] = []
      for (let count = 0; count < bench.sizes.recordPickUps; count += 1) {
        // At the tip, at another moment of the pause each time.
        await sleep(150 + (count % 7) * 3)
        await bench.fn.call('reset', { workMs: 0 })
        const { beganMs } = await bench.streams.call('fill', { name, records: 1 })
        const { firstMs } = await arrived(bench.fn, running, 1)
        tookMs.push(firstMs - beganMs)
      }
      tookMs.sort((a, b) => a - b)
      const readMs = await backendReadMs(route)
      return {
        name: contender.name,
        values: {
          'median ms': median(tookMs),
          'max ms': tookMs.at(-1) ?? Number.NaN,
          'one read, ms': readMs,
          'above one read, ms': median(tookMs) - readMs,
          runs: tookMs.length,
        },
      }
    })
    rows.push(row)
  }
  return rows
}

/** What the service itself takes for one GetRecords. */
async function backendReadMs(route: StreamRoute): Promise<number> {
  const loop: Child<StreamLoopCommands> = await startChild('./stream-loop-process.ts')
  try {
    return await loop.call('readMs', { ...route, reader: 'http', count: 50 })
  } finally {
    await loop.stop()
  }
}

/** One mapping over many shards, nothing to do. */
export async function idleShards(bench: StreamBench): Promise<readonly Row[]> {
  const rows: Row[] = []
  const [contender] = bench.contenders
  if (contender === undefined) return rows
  for (const shards of [1, bench.sizes.idleShards]) {
    const made = { shards, bytes: 1_024, warmUp: shards }
    const row = await withStream(bench, contender, made, async (_name, running) => {
      const before = usageOf(running.pid)
      const readsBefore = await bench.streams.call('reads', null)
      const beganMs = machineMs()
      await sleep(bench.sizes.idleMs)
      const after = usageOf(running.pid)
      const tookMs = machineMs() - beganMs
      const reads = (await bench.streams.call('reads', null)) - readsBefore
      const cpuMs = before === null || after === null ? Number.NaN : after.cpuMs - before.cpuMs
      return {
        name: `${shards} shard${shards === 1 ? '' : 's'}, ${contender.name}`,
        values: {
          'CPU % of a core': (cpuMs / tookMs) * 100,
          'RSS MB': (after?.rssBytes ?? Number.NaN) / 1e6,
          'reads/s': (reads / tookMs) * 1_000,
          'CPU µs/read': (cpuMs * 1_000) / reads,
          'over ms': bench.sizes.idleMs,
        },
      }
    })
    rows.push(row)
  }
  return rows
}

let streams = 0
/** Until the pauses at the tip are as long as they get. */
const settleMs = 600

/** A stream of its own, and a contender that has carried a record of each shard, so that nothing is measured cold. */
async function withStream<T>(
  bench: StreamBench,
  contender: StreamContender,
  { shards, bytes, ...rest }: { readonly shards: number; readonly bytes: number; readonly warmUp: number },
  measure: (name: string, running: Running, route: StreamRoute) => Promise<T>,
): Promise<T> {
  streams += 1
  const name = `bench-${streams}`
  const made = await bench.streams.call('createStream', { name, shards, bytes })
  const route = {
    ...made,
    endpoint: await bench.streams.call('endpoint', null),
    functionUrl: await bench.fn.call('url', null),
  }
  const running = await contender.start(route)
  try {
    const warmUp = Math.ceil(rest.warmUp / shards)
    await bench.fn.call('reset', { workMs: 0 })
    await bench.streams.call('fill', { name, records: warmUp })
    await arrived(bench.fn, running, warmUp * shards)
    await sleep(settleMs)
    return await measure(name, running, route)
  } finally {
    await running.stop()
  }
}
