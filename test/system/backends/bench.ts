import { CreateStreamCommand, DescribeStreamSummaryCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  InvokeCommand,
  UpdateEventSourceMappingCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { median, table, type Row } from '../../tools/bench/report.ts'
import type { Backend } from './backend.ts'
import { createQueue } from './behaviours/queue.ts'
import { clientsFor, type Clients } from './clients.ts'
import { startRecordCounter, type RecordCounter } from './functions/record-counter.ts'
import { zipOf } from './functions/zip.ts'
import { localStack } from './localstack.ts'
import { startMillrace } from './millrace-process.ts'
import { miniStack } from './ministack.ts'
import { until } from '../../support/until.ts'

/** A backend's own engine and Millrace, on the same backend, its own queues and functions, in one run. Prints; asserts nothing. */

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: 'localstack,ministack' },
    messages: { type: 'string', default: '2000' },
    records: { type: 'string', default: '1000' },
    'pick-ups': { type: 'string', default: '10' },
    seconds: { type: 'string', default: '60' },
    concurrency: { type: 'string' },
  },
})
const sizes = {
  messages: Number(flags.messages),
  records: Number(flags.records),
  pickUps: Number(flags['pick-ups']),
  /** An engine that has not finished by then is measured by what it has done. */
  seconds: Number(flags.seconds),
  /** MaximumConcurrency of all mappings; undefined: what each engine takes by itself. */
  concurrency: flags.concurrency === undefined ? undefined : Number(flags.concurrency),
}
/** A slow engine goes on with what is left of its warm-up. */
const warmUpSecondsMax = 20
const handler = readFileSync(join(import.meta.dirname, 'functions/bench-handler.py'), 'utf8')
const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** Whoever polls: the Lambda endpoint at which its mappings are made. */
interface Engine {
  readonly name: string
  readonly lambda: LambdaClient
}

interface Bench {
  readonly clients: Clients
  readonly counter: RecordCounter
}

for (const backend of [localStack, miniStack].filter(({ id }) => flags.only.split(',').includes(id))) {
  const installation = await backend.install()
  if (installation.kind === 'absent') print(`${backend.title}: skipped: ${installation.reason}`)
  else await benchOn(backend, installation.folder)
}

async function benchOn(backend: Backend, folder: string): Promise<void> {
  const running = await backend.start(folder)
  const counter = await startRecordCounter()
  const aws = { region: running.region, account: '000000000000', endpoints: running.endpoints }
  const millrace = await startMillrace({ aws, logLevel: 'warn' })
  const clients = clientsFor(running.endpoints, running.region, millrace.endpoint)
  const own = clientsFor(running.endpoints, running.region, running.endpoints.lambda ?? '')
  try {
    const engines: readonly Engine[] = [
      { name: `${backend.title}'s own`, lambda: own.lambda },
      { name: 'Millrace', lambda: clients.lambda },
    ]
    const bench = { clients, counter }
    const rows: Row[] = []
    for (const [index, engine] of engines.entries()) {
      const id = `bench-${index}`
      await createFunction(bench, id)
      const tens = await messagesPerSecond(bench, { engine, id, batchSize: 10 })
      const ones = await messagesPerSecond(bench, { engine, id, batchSize: 1 })
      const records = await recordsPerSecond(bench, { engine, id, batchSize: 10 })
      const pickUpMs = await pickUp(bench, { engine, id, batchSize: 10 })
      rows.push({
        name: engine.name,
        values: {
          'messages/s, 10 a batch': tens,
          'messages/s, 1 a batch': ones,
          'Kinesis records/s, 2 shards': records,
          'pick-up ms, median': pickUpMs,
        },
      })
      print(table(`${backend.title}: ${engine.name}`, rows.slice(-1)))
    }
    print(table(`${backend.title}, ${sizes.messages} messages, ${sizes.records} records`, [...rows, ratio(rows)]))
  } finally {
    clients.destroy()
    own.destroy()
    counter.close()
    await millrace.stop()
    await running.stop()
  }
}

function ratio([own, ours]: readonly Row[]): Row {
  const names = Object.keys(own?.values ?? {})
  return {
    name: 'Millrace / its own',
    values: Object.fromEntries(
      names.map((name) => [name, (ours?.values[name] ?? Number.NaN) / (own?.values[name] ?? Number.NaN)]),
    ),
  }
}

interface Contest {
  readonly engine: Engine
  readonly id: string
  readonly batchSize: number
}

/** A queue is filled while its mapping is disabled; the clock runs from the first invocation to the last. */
async function messagesPerSecond({ clients, counter }: Bench, { engine, id, batchSize }: Contest): Promise<number> {
  const queue = await createQueue({ clients }, `${id}-${batchSize}`, { VisibilityTimeout: '120' })
  const uuid = await createMapping(engine, queue.arn, id, batchSize)
  const send = (count: number): Promise<void> =>
    queue.send(
      Array.from({ length: count }, (_, index) => ({ body: JSON.stringify({ index, filler: 'x'.repeat(900) }) })),
    )
  // Long enough that every process the engine will use at once has started: a function's cold start is the backend's.
  const warmUp = Math.ceil(sizes.messages / 2)
  counter.reset()
  await send(warmUp)
  await counter.untilRecords(warmUp, warmUpSecondsMax).catch(() => {})
  await enable(engine, uuid, false)
  await send(sizes.messages)
  counter.reset()
  await enable(engine, uuid, true)
  const rate = await rateOf(counter, sizes.messages)
  await remove(engine, uuid)
  return rate
}

async function recordsPerSecond({ clients, counter }: Bench, { engine, id, batchSize }: Contest): Promise<number> {
  const { kinesis } = clients
  const StreamName = `${id}-stream`
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 2 }))
  let arn = ''
  await until(async () => {
    const { StreamDescriptionSummary: now } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))
    arn = now?.StreamARN ?? ''
    return now?.StreamStatus === 'ACTIVE'
  }, 'the stream is active')
  for (let from = 0; from < sizes.records; from += 500) {
    const Records = Array.from({ length: Math.min(500, sizes.records - from) }, (_, index) => ({
      PartitionKey: `key-${from + index}`,
      Data: Buffer.from('x'.repeat(900)),
    }))
    await kinesis.send(new PutRecordsCommand({ StreamName, Records }))
  }
  counter.reset()
  const uuid = await createMapping(engine, arn, id, batchSize)
  const rate = await rateOf(counter, sizes.records)
  await remove(engine, uuid)
  return rate
}

/** From before the send of one message to its arrival in the function. */
async function pickUp({ clients, counter }: Bench, { engine, id, batchSize }: Contest): Promise<number> {
  const queue = await createQueue({ clients }, `${id}-idle`)
  const uuid = await createMapping(engine, queue.arn, id, batchSize)
  const tookMs: number[] = []
  for (let run = 0; run <= sizes.pickUps; run += 1) {
    await queue.untilEmpty()
    counter.reset()
    const beganMs = performance.now()
    await queue.send([{ body: `${run}` }])
    const { firstMs } = await counter.untilRecords(1, 60)
    // The first one also starts the engine's poller.
    if (run > 0) tookMs.push(firstMs - beganMs)
  }
  await remove(engine, uuid)
  return median(tookMs.toSorted((a, b) => a - b))
}

async function rateOf(counter: RecordCounter, count: number): Promise<number> {
  let wanted = count
  const counted = await counter.untilRecords(wanted, sizes.seconds).catch(() => {
    wanted = 1
    return counter.untilRecords(wanted, sizes.seconds)
  })
  const { firstMs, lastMs, records, firstRecords } = counted
  return ((records - firstRecords) / (lastMs - firstMs)) * 1_000
}

async function createFunction({ clients: { lambda }, counter }: Bench, FunctionName: string): Promise<void> {
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'python3.13',
      Role: 'arn:aws:iam::000000000000:role/bench',
      Handler: 'handler.handler',
      Timeout: 5,
      Code: { ZipFile: zipOf('handler.py', handler) },
      Environment: { Variables: { BENCH_PORT: String(counter.port) } },
    }),
  )
  await until(async () => {
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName }))
    return (Configuration?.State ?? 'Active') === 'Active'
  }, `function ${FunctionName} is active`)
  await lambda.send(new InvokeCommand({ FunctionName, Payload: '{"Records":[]}' }))
}

async function createMapping(engine: Engine, arn: string, FunctionName: string, BatchSize: number): Promise<string> {
  const isQueue = arn.includes(':sqs:')
  const { UUID = '' } = await engine.lambda.send(
    new CreateEventSourceMappingCommand({
      EventSourceArn: arn,
      FunctionName,
      BatchSize,
      ...(isQueue && sizes.concurrency !== undefined && { ScalingConfig: { MaximumConcurrency: sizes.concurrency } }),
      ...(!isQueue && { StartingPosition: 'TRIM_HORIZON' }),
    }),
  )
  await untilState(engine, UUID, 'Enabled')
  return UUID
}

async function enable(engine: Engine, UUID: string, Enabled: boolean): Promise<void> {
  await engine.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }))
  await untilState(engine, UUID, Enabled ? 'Enabled' : 'Disabled')
}

async function untilState(engine: Engine, UUID: string, wanted: string): Promise<void> {
  let state: string | undefined
  await until(
    async () => {
      state = (await engine.lambda.send(new GetEventSourceMappingCommand({ UUID }))).State
      return state === wanted
    },
    () => `${engine.name}'s mapping is ${wanted} (it is ${state})`,
    { secondsMax: 60 },
  )
}

async function remove(engine: Engine, UUID: string): Promise<void> {
  await engine.lambda.send(new DeleteEventSourceMappingCommand({ UUID }))
  await until(
    () =>
      engine.lambda.send(new GetEventSourceMappingCommand({ UUID })).then(
        () => false,
        () => true,
      ),
    'the mapping is gone',
    { secondsMax: 60 },
  )
}
