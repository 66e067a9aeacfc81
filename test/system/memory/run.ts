import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startChild } from '../../tools/bench/child.ts'
import type { BackendCommands } from '../../tools/bench/backend-process.ts'
import type { FunctionCommands } from '../../tools/bench/function-process.ts'
import { startMillrace, type MillraceProcess } from '../../tools/bench/millrace.ts'
import type { StreamBackendCommands } from '../../tools/bench/stream-backend-process.ts'
import { type MemoryGroup, openMemoryGroup } from './process-group.ts'

/**
 * Backlogs in a container of 256 MB (promise 7): the process lives and every record arrives. `--small` is for CI; `--free` runs the same
 * without a limit and only prints, since V8 leaves its garbage about where there is room for it.
 */
const { values } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    free: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const megabyte = 1_048_576
const limitBytes = 256 * megabyte

interface Scenario {
  readonly name: string
  readonly source: (size: 'small' | 'full') => Promise<Source>
}

interface Source {
  readonly config: Readonly<Record<string, unknown>>
  /** Records that must arrive. */
  readonly records: number
  readonly workMs: number
  readonly poison?: string
  close(): Promise<void>
}

const fn = await startChild<FunctionCommands>('./function-process.ts')

async function queueOf(plan: { messages: number; bytes: number; concurrency: number }): Promise<Source> {
  const backend = await startChild<BackendCommands>('./backend-process.ts')
  const { queueArn } = await backend.call('createQueue', 'backlog')
  await backend.call('fill', { queue: 'backlog', messages: plan.messages, bytes: plan.bytes })
  const mapping = { EventSourceArn: queueArn, FunctionName: 'bench', BatchSize: 10 }
  return {
    config: await configOf(await backend.call('endpoint', null), mapping, plan.concurrency),
    records: plan.messages,
    workMs: 100,
    close: () => backend.stop(),
  }
}

async function streamOf(plan: { shards: number; records: number; poisoned?: boolean }): Promise<Source> {
  const backend = await startChild<StreamBackendCommands>('./stream-backend-process.ts')
  const keys = plan.poisoned === true ? 64 : 0
  const { streamArn } = await backend.call('createStream', { name: 'backlog', shards: plan.shards, bytes: 1_500, keys })
  await backend.call('fill', { name: 'backlog', records: plan.records })
  const mapping = {
    EventSourceArn: streamArn,
    FunctionName: 'bench',
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 100,
    ...(plan.poisoned === true && { ParallelizationFactor: 10 }),
  }
  return {
    config: await configOf(await backend.call('endpoint', null), mapping, 100),
    // One slot of ten stands still; how many of the 64 keys are its is for the hash to say.
    records: plan.poisoned === true ? Math.floor(plan.records * 0.6) : plan.shards * plan.records,
    workMs: plan.poisoned === true ? 1 : 100,
    ...(plan.poisoned === true && { poison: '"partitionKey":"poison"' }),
    close: () => backend.stop(),
  }
}

async function configOf(endpoint: string, mapping: object, concurrencyPerUrl: number) {
  return {
    aws: { region: 'us-east-1', endpoint },
    functions: { bench: { url: await fn.call('url', null), concurrencyPerUrl } },
    mappings: [mapping],
  }
}

const isFull = (size: 'small' | 'full'): boolean => size === 'full'
const scenarios: readonly Scenario[] = [
  {
    name: 'a queue of 4 KB messages behind a function of 100 ms',
    source: (size) => queueOf({ messages: isFull(size) ? 200_000 : 20_000, bytes: 4_096, concurrency: 100 }),
  },
  {
    name: '16 shards of 2 KB records behind a function of 100 ms',
    source: (size) => streamOf({ shards: 16, records: isFull(size) ? 20_000 : 4_000 }),
  },
  {
    name: 'one poisoned record before the others of its shard',
    source: (size) => streamOf({ shards: 1, records: isFull(size) ? 50_000 : 20_000, poisoned: true }),
  },
  {
    name: '200 messages of 1 MB',
    source: () => queueOf({ messages: 200, bytes: 1_000_000, concurrency: 100 }),
  },
]

const stallMs = 30_000

/** What went wrong; null: nothing. */
async function run({ source }: Scenario, group: MemoryGroup | null): Promise<string | null> {
  const made = await source(values.small ? 'small' : 'full')
  await fn.call('reset', { workMs: made.workMs, ...(made.poison !== undefined && { poison: made.poison }) })
  const millrace = await startMillrace(made.config, { from: 'dist', launcher: group?.launcher, profiles: null })
  try {
    const wrong = await untilArrived(millrace, made.records)
    const most = highWaterOf(millrace.pid)
    console.log(`  ${Math.round(most / megabyte)} MB at most, ${made.records} records`)
    return wrong === null ? null : `${wrong}\n${millrace.log().slice(-2_000)}`
  } finally {
    await millrace.stop()
    await made.close()
    group?.close()
  }
}

/** Why they do not arrive; null: they did. */
async function untilArrived(millrace: MillraceProcess, records: number): Promise<string | null> {
  let seen = -1
  for (let last = Date.now(); Date.now() - last < stallMs;) {
    if (highWaterOf(millrace.pid) === 0) return 'the process died'
    const counts = await fn.call('counts', null)
    if (counts.records >= records) return null
    if (counts.records > seen) {
      seen = counts.records
      last = Date.now()
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return `only ${seen} of ${records} records arrived`
}

/** The most that was ever resident; 0: the process is gone. */
function highWaterOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024
  } catch {
    return 0
  }
}

let passed = 0
let failed = 0
let skipped = 0
for (const scenario of scenarios.filter(({ name }) => values.only === undefined || name.includes(values.only))) {
  console.log(scenario.name)
  const group = values.free ? null : openMemoryGroup(limitBytes)
  if (!values.free && group === null) {
    skipped += 1
    console.log('  skipped: this machine lets nobody make a control group')
    continue
  }
  const wrong = await run(scenario, group)
  if (wrong === null) passed += 1
  else {
    failed += 1
    console.error(`  failed: ${wrong}`)
  }
}
await fn.stop()
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 ? 1 : 0
