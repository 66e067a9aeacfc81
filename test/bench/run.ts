import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { BackendCommands } from './backend-process.ts'
import { startChild } from './child.ts'
import { millraceContender, sqsConsumerContender } from './contender.ts'
import type { FunctionCommands } from './function-process.ts'
import { defaultFrom } from './millrace.ts'
import { drain, idle, pickUp, type Bench, type Sizes } from './queue-scenarios.ts'
import { table, type Row } from './report.ts'

const usage = `Usage: node test/bench/run.ts [--small] [--from dist|src] [--concurrency N] [--messages N] [--only pick-up,drain,idle]
       [--contender millrace|sqs-consumer]

Prints; asserts nothing about time. --small: numbers for CI. --contender: that one alone.`

const full: Sizes = {
  messages: 10_000,
  messageBytes: 1_024,
  functionMs: 1,
  concurrency: 20,
  pickUps: 50,
  idleMs: 10_000,
}
const small: Sizes = { ...full, messages: 500, pickUps: 5, idleMs: 1_000 }

interface Scenario {
  readonly name: string
  readonly title: (sizes: Sizes) => string
  readonly run: (bench: Bench) => Promise<readonly Row[]>
}

const scenarios: readonly Scenario[] = [
  { name: 'pick-up', title: () => 'First message of an idle queue to the function', run: pickUp },
  {
    name: 'drain',
    title: ({ messages, messageBytes, functionMs, concurrency }) =>
      `${messages} messages of ${messageBytes} bytes, BatchSize 10, a function of ${functionMs} ms, ${concurrency} at once`,
    run: drain,
  },
  { name: 'idle', title: () => 'One idle queue', run: idle },
]

const { values: flags } = parseArgs({
  options: {
    small: { type: 'boolean', default: false },
    contender: { type: 'string', default: '' },
    from: { type: 'string', default: defaultFrom() },
    concurrency: { type: 'string' },
    messages: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (flags.help || (flags.from !== 'dist' && flags.from !== 'src')) {
  process.stdout.write(`${usage}\n`)
  process.exit(flags.help ? 0 : 2)
}

const defaults = flags.small ? small : full
const sizes: Sizes = {
  ...defaults,
  messages: Number(flags.messages ?? defaults.messages),
  concurrency: Number(flags.concurrency ?? defaults.concurrency),
}
const backend = await startChild<BackendCommands>('./backend-process.ts')
const fn = await startChild<FunctionCommands>('./function-process.ts')
const contenders = [millraceContender(flags.from), sqsConsumerContender].filter(({ name }) =>
  name.startsWith(flags.contender),
)
const wanted = flags.only?.split(',')
process.stdout.write(
  `Node ${process.versions.node}, ${cpus().length} cores, fauxqs and the function in processes of their own\n\n`,
)
try {
  for (const scenario of scenarios) {
    if (wanted !== undefined && !wanted.includes(scenario.name)) continue
    const rows = await scenario.run({ backend, fn, contenders, sizes })
    process.stdout.write(`${table(scenario.title(sizes), rows)}\n`)
  }
} finally {
  await fn.stop()
  await backend.stop()
}
