import { setTimeout as sleep } from 'node:timers/promises'
import { arrived, stall, stallMsMax } from './arrival.ts'
import type { BackendCommands } from './backend-process.ts'
import type { Child } from './child.ts'
import { bareLoop, type Contender, type Running } from './contender.ts'
import type { FunctionCommands } from './function-process.ts'
import { besides, median, type Row } from './report.ts'
import { machineMs, usageOf } from './usage.ts'

export interface Bench {
  readonly backend: Child<BackendCommands>
  readonly fn: Child<FunctionCommands>
  readonly contenders: readonly Contender[]
  readonly sizes: Sizes
}

export interface Sizes {
  readonly messages: number
  readonly messageBytes: number
  readonly functionMs: number
  readonly concurrency: number
  readonly pickUps: number
  readonly idleMs: number
}

/** From the moment before a message is in the idle queue to its arrival at the function. */
export async function pickUp(bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const contender of bench.contenders) {
    rows.push(
      await withRunning(bench, contender, 2, async (queue, running) => {
        const tookMs: number[] = []
        for (let count = 0; count < bench.sizes.pickUps; count += 1) {
          // Long enough that the long poll of the last message's end is open again.
          await sleep(60 + (count % 5) * 20)
          await bench.fn.call('reset', { workMs: 0 })
          const { beganMs } = await bench.backend.call('fill', { queue, messages: 1, bytes: 1_024 })
          const { firstMs } = await arrived(bench.fn, running, 1)
          tookMs.push(firstMs - beganMs)
        }
        tookMs.sort((a, b) => a - b)
        const p95 = tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * 0.95))] ?? Number.NaN
        return { name: contender.name, values: { 'median ms': median(tookMs), 'p95 ms': p95, runs: tookMs.length } }
      }),
    )
  }
  return rows
}

/** A full queue: from the last message put in to the last one deleted. */
export async function drain(bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = []
  const { messages, messageBytes: bytes, functionMs, concurrency } = bench.sizes
  for (const contender of bench.contenders) {
    rows.push(
      await withRunning(bench, contender, concurrency, async (queue, running) => {
        await bench.fn.call('reset', { workMs: functionMs })
        const before = usageOf(running.pid)
        const { endedMs } = await bench.backend.call('fill', { queue, messages, bytes })
        const counts = await arrived(bench.fn, running, messages)
        await emptied(bench, running, queue)
        const tookMs = machineMs() - endedMs
        const after = usageOf(running.pid)
        const cpuMs = before === null || after === null ? Number.NaN : after.cpuMs - before.cpuMs
        return {
          name: contender.name,
          values: {
            'messages/s': (messages / tookMs) * 1_000,
            'CPU µs/message': (cpuMs * 1_000) / messages,
            'messages/invocation': counts.records / counts.invocations,
            'at once, most': counts.runningMax,
            'seen twice': counts.records - messages,
            'RSS MB': (after?.rssBytes ?? Number.NaN) / 1e6,
          },
        }
      }),
    )
  }
  return besides(rows, bareLoop, 'messages/s')
}

/** One mapping, nothing to do. */
export async function idle(bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const contender of bench.contenders) {
    rows.push(
      await withRunning(bench, contender, 2, async (_queue, running) => {
        const before = usageOf(running.pid)
        const beganMs = machineMs()
        await sleep(bench.sizes.idleMs)
        const after = usageOf(running.pid)
        const cpuMs = before === null || after === null ? Number.NaN : after.cpuMs - before.cpuMs
        return {
          name: contender.name,
          values: {
            '% of a core': (cpuMs / (machineMs() - beganMs)) * 100,
            'RSS MB': (after?.rssBytes ?? Number.NaN) / 1e6,
            'over ms': bench.sizes.idleMs,
          },
        }
      }),
    )
  }
  return rows
}

async function emptied(bench: Bench, running: Running, queue: string): Promise<void> {
  const deadlineMs = machineMs() + stallMsMax
  for (;;) {
    const left = await bench.backend.call('left', queue)
    if (left === 0) return
    if (machineMs() > deadlineMs) throw stall(`${left} messages were never deleted`, running)
    await sleep(5)
  }
}

let queues = 0

/** A queue of its own, and a contender that has carried messages over it, so that nothing is measured cold. */
async function withRunning<T>(
  bench: Bench,
  contender: Contender,
  concurrency: number,
  measure: (queue: string, running: Running) => Promise<T>,
): Promise<T> {
  queues += 1
  const queue = `bench-${queues}`
  const { queueUrl, queueArn } = await bench.backend.call('createQueue', queue)
  const route = {
    endpoint: await bench.backend.call('endpoint', null),
    functionUrl: await bench.fn.call('url', null),
    queueUrl,
    queueArn,
    concurrency,
  }
  const running = await contender.start(route)
  try {
    const warmUp = Math.ceil(bench.sizes.messages / 10)
    await bench.fn.call('reset', { workMs: 0 })
    await bench.backend.call('fill', { queue, messages: warmUp, bytes: bench.sizes.messageBytes })
    await arrived(bench.fn, running, warmUp)
    await emptied(bench, running, queue)
    await sleep(300)
    return await measure(queue, running)
  } finally {
    await running.stop()
  }
}
