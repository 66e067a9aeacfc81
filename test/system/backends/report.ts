import { behaviourNames } from './behaviours/behaviour.ts'
import type { SourceName } from './backend.ts'
import { allBehaviours, type Cell, type Row } from './suite.ts'

const titles: Readonly<Record<SourceName, string>> = {
  sqs: 'SQS',
  fifo: 'SQS FIFO',
  kinesis: 'Kinesis',
  dynamodb: 'DynamoDB Streams',
}

const noteCharactersMax = 2_000

export function cellText({ outcome, note, log }: Cell): string {
  const said = note.length > noteCharactersMax ? `${note.slice(0, noteCharactersMax)}…` : note
  return [said === '' ? outcome : `${outcome}: ${said}`, ...log.slice(-12)].join('\n      ')
}

/** One table of backends and behaviours for each source, in Markdown that is also readable as it is. */
export function table(rows: readonly Row[]): string {
  return (Object.keys(titles) as SourceName[]).map((source) => sourceTable(source, rows)).join('')
}

function sourceTable(source: SourceName, rows: readonly Row[]): string {
  const names = behaviourNames.filter((name) =>
    allBehaviours.some((each) => each.source === source && each.name === name),
  )
  const lines = rows
    .filter(({ cells }) => cells.some(({ key }) => key.startsWith(`${source}/`)))
    .map(({ backend, cells }) => [
      backend.title,
      ...names.map((name) => cells.find(({ key }) => key === `${source}/${name}`)?.outcome ?? '–'),
    ])
  if (lines.length === 0) return ''
  const all = [[titles[source], ...names], ...lines]
  const widths = ['', ...names].map((_, index) => Math.max(...all.map((line) => (line[index] ?? '').length)))
  const print = (line: readonly string[]): string =>
    `| ${line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = all
  const notes = rows.flatMap(({ backend, cells }) => notesOf(source, backend.title, cells))
  const rule = widths.map((width) => '-'.repeat(width))
  return `${[print(head), print(rule), ...body.map(print)].join('\n')}\n${notes.map((note) => `\n- ${note}`).join('')}${notes.length > 0 ? '\n' : ''}\n`
}

/** Why a cell is not ok, in one line; the same reason is said once. */
function notesOf(source: SourceName, title: string, cells: readonly Cell[]): readonly string[] {
  const reasons = new Map<string, string[]>()
  for (const { key, outcome, note } of cells) {
    if (outcome === 'ok' || !key.startsWith(`${source}/`)) continue
    const reason = `${outcome}: ${note.split('\n', 1)[0]}`
    reasons.set(reason, [...(reasons.get(reason) ?? []), key.slice(source.length + 1)])
  }
  return [...reasons].map(([reason, names]) => `${title}, ${names.join(', ')}: ${reason}`)
}

/** Named as in vitest's JSON report, so that CI counts both alike. */
export interface Totals {
  readonly numPassedTests: number
  readonly numFailedTests: number
  /** Not run: the backend could not be installed. */
  readonly numPendingTests: number
  /** Run, and known to fail by the backend's own fault. */
  readonly numTodoTests: number
  /** Each with its reason. */
  readonly failures: readonly string[]
}

export function totalsOf(rows: readonly Row[]): Totals {
  const cells = rows.flatMap(({ backend, cells: own }) => own.map((cell) => ({ ...cell, title: backend.title })))
  const count = (outcome: Cell['outcome']): number => cells.filter((cell) => cell.outcome === outcome).length
  return {
    numPassedTests: count('ok'),
    numFailedTests: count('failed'),
    numPendingTests: count('skipped'),
    numTodoTests: count('known'),
    failures: cells
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ title, key, note }) => `${title}, ${key}: ${note}`),
  }
}

/** The last line, as CI counts it. What a backend is known to get wrong says nothing of Millrace: it counts as skipped. */
export function closingLine({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }: Totals): string {
  const skipped = numPendingTests + numTodoTests
  return `${numPassedTests} passed, ${numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
