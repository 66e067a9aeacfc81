import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../support/free-port.ts'
import { kinesisLocalCommand } from '../../support/sources/kinesis-local.ts'
import { startMillrace, type Launch } from './millrace.ts'
import { profilingArguments } from './profile.ts'
import type { Row } from './report.ts'
import { machineMs, usageOf, type Usage } from './usage.ts'

interface Sizes {
  /** Nothing happens for so long before anything is measured. */
  readonly quietMs: number
  readonly overMs: number
}

/** What it costs to do nothing, with the backend that is asked all the time. */
export async function idleStack(launch: Launch, sizes: Sizes): Promise<readonly Row[]> {
  return [...(await besideKinesisLocal(launch, sizes)), ...(await tryOut(launch, sizes))]
}

async function besideKinesisLocal(launch: Launch, sizes: Sizes): Promise<readonly Row[]> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const { file, args, cwd, env } = (await kinesisLocalCommand())(port)
  const kinesis = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: 'ignore' })
  try {
    await createStream(endpoint, kinesis)
    const millrace = await startMillrace(
      {
        aws: { region: 'us-east-1', endpoint },
        functions: { bench: { url: 'http://127.0.0.1:9' } },
        mappings: [{ EventSourceArn: 'kinesis:idle', FunctionName: 'bench', StartingPosition: 'TRIM_HORIZON' }],
      },
      launch,
    )
    try {
      return await used(sizes, {
        'one idle shard: millrace': () => [millrace.pid],
        'one idle shard: kinesis-local': () => [kinesis.pid ?? 0],
      })
    } finally {
      await millrace.stop()
    }
  } finally {
    await end(kinesis, 'SIGKILL')
  }
}

async function createStream(endpoint: string, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const made = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'Kinesis_20131202.CreateStream',
        authorization:
          'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0',
        'x-amz-date': '20260101T000000Z',
      },
      body: '{"StreamName":"idle","ShardCount":1}',
    }).catch(() => null)
    if (made?.ok === true) return
    if (made !== null) throw new Error(`kinesis-local: ${made.status} ${await made.text()}`)
    await sleep(50)
  }
  throw new Error('kinesis-local did not start.')
}

/** `millrace dev --no-feed`, with all that it brings along: what `npm start -- --no-feed` runs. */
async function tryOut(launch: Launch, sizes: Sizes): Promise<readonly Row[]> {
  const main = launch.from === 'dist' ? '../../../dist/millrace.mjs' : '../../../src/main.ts'
  const words = [
    ...profilingArguments(launch.profiles),
    fileURLToPath(new URL(main, import.meta.url)),
    'dev',
    '--no-feed',
    '--port',
    String(await freePort()),
  ]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    child.stdout.resume()
    return await used(sizes, { 'dev --no-feed, all its processes': () => familyOf(child.pid ?? 0) })
  } finally {
    await end(child, 'SIGTERM')
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

async function used(
  { quietMs, overMs }: Sizes,
  groups: Readonly<Record<string, () => readonly number[]>>,
): Promise<Row[]> {
  await sleep(quietMs)
  const beganMs = machineMs()
  const before = Object.values(groups).map((pids) => sumOf(pids()))
  await sleep(overMs)
  const tookMs = machineMs() - beganMs
  return Object.entries(groups).map(([name, pids], index) => {
    const after = sumOf(pids())
    const cpuMs = after.cpuMs - (before[index]?.cpuMs ?? Number.NaN)
    const values = { 'CPU % of a core': (cpuMs / tookMs) * 100, 'RSS MB': after.rssBytes / 1e6, 'over ms': overMs }
    return { name, values: { ...values, 'quiet before ms': quietMs } }
  })
}

function sumOf(pids: readonly number[]): Usage {
  const all = pids.map((pid) => usageOf(pid) ?? { cpuMs: Number.NaN, rssBytes: Number.NaN })
  return all.reduce((sum, one) => ({ cpuMs: sum.cpuMs + one.cpuMs, rssBytes: sum.rssBytes + one.rssBytes }))
}

/** The process and those that it started. */
function familyOf(pid: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(name)
    if (parent !== null) parents.set(Number(name), parent)
  }
  const family = [pid]
  // Those that are found are looked at as well.
  for (const one of family) for (const [child, parent] of parents) if (parent === one) family.push(child)
  return family
}

/** A process may end between the listing and the reading. */
function parentOf(pid: string): number | null {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return null
  }
}
