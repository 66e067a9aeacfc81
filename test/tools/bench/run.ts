import { mkdtemp } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BackendCommands } from './backend-process.ts'
import { startChild } from './child.ts'
import { millraceContender, queueLoopContender, sqsConsumerContender } from './contender.ts'
import { filters } from './filter-scenario.ts'
import type { FunctionCommands } from './function-process.ts'
import { idleFlows } from './idle-flows.ts'
import { idleStack } from './idle-stack.ts'
import { defaultFrom, type Launch } from './millrace.ts'
import { describeProfiles, profiled } from './profile.ts'
import { drain, idle, pickUp, type Bench, type Sizes } from './queue-scenarios.ts'
import { table, type Row } from './report.ts'
import type { StreamBackendCommands } from './stream-backend-process.ts'
import { loopStreams, millraceStreams } from './stream-contender.ts'
import { idleShards, readThrough, recordPickUp, type StreamBench, type StreamSizes } from './stream-scenarios.ts'

const usage = `Usage: npm run bench -- [SCENARIO...] [--small] [--profile] [--from dist|src] [--concurrency N] [--messages N] [--records N]
       [--contender millrace|sqs-consumer|bare]

Scenarios: pick-up, drain, idle, streams, record-pick-up, idle-shards, idle-flows, idle-stack, filters; all, when none is named.
Prints; asserts nothing about time.
--small      Numbers for CI.
--contender  That one alone.
--profile    Millrace alone, with a CPU profile of its process for each start; prints where it is and which functions took most.`

interface AllSizes extends Sizes, StreamSizes {
  /** How long nothing happens before what an idle stack costs is measured. */
  readonly quietMs: number
  readonly filterMs: number
}

const full: AllSizes = {
  messages: 10_000,
  messageBytes: 1_024,
  functionMs: 1,
  concurrency: 20,
  pickUps: 50,
  idleMs: 10_000,
  records: 100_000,
  recordBytes: 1_024,
  shards: [1, 16],
  recordPickUps: 50,
  idleShards: 1_000,
  quietMs: 65_000,
  filterMs: 2_000,
}
const small: AllSizes = {
  ...full,
  messages: 500,
  pickUps: 5,
  idleMs: 1_000,
  records: 8_000,
  recordPickUps: 10,
  idleShards: 200,
  quietMs: 11_000,
  filterMs: 200,
}

interface World extends Omit<Bench, 'sizes'>, Omit<StreamBench, 'sizes' | 'contenders'> {
  readonly streamContenders: StreamBench['contenders']
  readonly launch: Launch
  readonly sizes: AllSizes
}

interface Scenario {
  readonly name: string
  readonly title: (sizes: AllSizes) => string
  readonly run: (world: World) => Promise<readonly Row[]> | readonly Row[]
}

const ofStreams = (world: World): StreamBench => ({ ...world, contenders: world.streamContenders })

const scenarios: readonly Scenario[] = [
  { name: 'pick-up', title: () => 'First message of an idle queue to the function', run: pickUp },
  {
    name: 'drain',
    title: ({ messages, messageBytes, functionMs, concurrency }) =>
      `${messages} messages of ${messageBytes} bytes, BatchSize 10, a function of ${functionMs} ms, ${concurrency} at once`,
    run: drain,
  },
  { name: 'idle', title: () => 'One idle queue', run: idle },
  {
    name: 'streams',
    title: ({ records, recordBytes }) =>
      `${records} Kinesis records of ${recordBytes} bytes, BatchSize 100 (the stream is our own fast server)`,
    run: (world) => readThrough(ofStreams(world)),
  },
  {
    name: 'record-pick-up',
    title: () => 'First record of an idle shard to the function (the stream is our own fast server)',
    run: (world) => recordPickUp(ofStreams(world)),
  },
  {
    name: 'idle-shards',
    title: () => 'Idle shards of one mapping (the stream is our own fast server)',
    run: (world) => idleShards(ofStreams(world)),
  },
  {
    name: 'idle-flows',
    title: () => 'Idle shards of one mapping, the engine alone (the source is in the same process)',
    run: ({ launch, sizes }) => idleFlows({ ...sizes, idleShards: 1_000 }, launch.profiles),
  },
  {
    name: 'idle-stack',
    title: ({ quietMs }) => `Nothing has happened for ${quietMs / 1_000} s, with the backend (kinesis-local)`,
    run: ({ launch, sizes: { quietMs, idleMs } }) => idleStack(launch, { quietMs, overMs: 2 * idleMs }),
  },
  {
    name: 'filters',
    title: () => 'Filters: a pattern of three clauses, records of about 1 KB, in this process',
    run: ({ launch: { profiles }, sizes: { filterMs } }) =>
      profiles === null ? filters(filterMs) : profiled(join(profiles, 'filters.cpuprofile'), () => filters(filterMs)),
  },
]

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    small: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    contender: { type: 'string', default: '' },
    from: { type: 'string', default: defaultFrom() },
    concurrency: { type: 'string' },
    messages: { type: 'string' },
    records: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const wanted = [...(flags.only?.split(',') ?? []), ...positionals]
const unknown = wanted.filter((name) => !scenarios.some((scenario) => scenario.name === name))
if (flags.help || (flags.from !== 'dist' && flags.from !== 'src') || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`There is no scenario called ${unknown.join(' or ')}.\n`)
  process.stdout.write(`${usage}\n`)
  process.exit(flags.help ? 0 : 2)
}

const defaults = flags.small ? small : full
const contender = flags.profile ? 'millrace' : flags.contender
const isWanted = ({ name }: { readonly name: string }): boolean => name.startsWith(contender)
const profiles = flags.profile ? await mkdtemp(join(tmpdir(), 'millrace-profiles-')) : null
const launch: Launch = { from: flags.from, profiles }
const world: World = {
  launch,
  backend: await startChild<BackendCommands>('./backend-process.ts'),
  streams: await startChild<StreamBackendCommands>('./stream-backend-process.ts'),
  fn: await startChild<FunctionCommands>('./function-process.ts'),
  contenders: [millraceContender(launch), queueLoopContender, sqsConsumerContender].filter(isWanted),
  streamContenders: [millraceStreams(launch), loopStreams('sdk'), loopStreams('http')].filter(isWanted),
  sizes: {
    ...defaults,
    messages: Number(flags.messages ?? defaults.messages),
    records: Number(flags.records ?? defaults.records),
    concurrency: Number(flags.concurrency ?? defaults.concurrency),
  },
}
process.stdout.write(
  `Node ${process.versions.node}, ${cpus().length} cores; queue and stream service, the function and each contender in processes of their own\n\n`,
)
try {
  for (const scenario of scenarios) {
    if (wanted.length > 0 && !wanted.includes(scenario.name)) continue
    const rows = await scenario.run(world)
    process.stdout.write(`${table(scenario.title(world.sizes), rows)}\n`)
  }
} finally {
  await Promise.all([world.fn.stop(), world.streams.stop(), world.backend.stop()])
}
if (profiles !== null) process.stdout.write(await describeProfiles(profiles))
