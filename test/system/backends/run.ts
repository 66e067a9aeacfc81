import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Backend } from './backend.ts'
import { elasticMq } from './elasticmq.ts'
import { dynamoDbLocal } from './dynamodb-local.ts'
import { localStack } from './localstack.ts'
import { miniStack } from './ministack.ts'
import { moto } from './moto.ts'
import { dynoxide, fauxqs, kinesalite, kinesisLocal } from './npm-backends.ts'
import { cellText, closingLine, table, totalsOf } from './report.ts'
import { runBackend, type Cell, type Row } from './suite.ts'

const backends: readonly Backend[] = [
  localStack,
  miniStack,
  elasticMq,
  dynamoDbLocal,
  kinesisLocal,
  fauxqs,
  moto,
  dynoxide,
  kinesalite,
]

const ids = backends.map(({ id }) => id)
const usage = `Usage: node test/system/backends/run.ts [--ci] [--only ${ids.slice(0, 2).join(',')}] [--behaviour sqs/failure] [--install] [--write] [--json FILE]

Runs the behaviour suite on real backends and prints a table. --ci: those that every CI runs. --only: these (${ids.join(', ')}).
--behaviour: these columns alone. --install: install, run nothing. --write: keep the table in test/system/backends/RESULTS.md.
--json: write the totals to this file, named as in vitest's report, and what failed.`

const { values: flags } = parseArgs({
  options: {
    ci: { type: 'boolean', default: false },
    only: { type: 'string' },
    behaviour: { type: 'string' },
    install: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const wanted = flags.only?.split(',')
const unknown = wanted?.filter((id) => !ids.includes(id)) ?? []
if (flags.help || unknown.length > 0) {
  if (unknown.length > 0) print(`Unknown backends: ${unknown.join(', ')}\n`)
  print(usage)
  process.exit(flags.help ? 0 : 2)
}

// Backends are ended when this process exits, and a signal alone is no exit.
for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  process.once(signal, () => process.exit(code))
}

const chosen = backends.filter(({ id, ci }) => (wanted === undefined ? ci || !flags.ci : wanted.includes(id)))
const rows: Row[] = []
for (const backend of chosen) {
  const began = performance.now()
  const took = (): string => `${((performance.now() - began) / 1_000).toFixed(0)} s`
  const installation = await backend.install()
  print(`${backend.title}: ${installation.kind === 'ready' ? 'installed' : installation.reason} (${took()})`)
  if (flags.install) continue
  const onCell = (cell: Cell): void => print(`  ${cell.key}: ${cellText(cell)} (${took()})`)
  rows.push(await runBackend(backend, installation, { only: flags.behaviour?.split(','), onCell }))
}
if (!flags.install) {
  const printed = table(rows)
  const totals = totalsOf(rows)
  for (const failure of totals.failures) print(`failed: ${failure}`)
  print(`\n${printed}\n${closingLine(totals)}`)
  if (flags.json !== undefined) await writeFile(flags.json, JSON.stringify(totals))
  if (flags.write)
    await writeFile(join(import.meta.dirname, 'RESULTS.md'), `# Behaviours on real backends\n\n${printed.trimEnd()}\n`)
  process.exitCode = totals.numFailedTests > 0 ? 1 : 0
}
