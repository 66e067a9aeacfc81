import { appendFileSync, existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { TestCase, TestModule } from 'vitest/node'

/** Tests run in processes of their own; what they found reaches the table by a file. */
export const reportFileVariable = 'MILLRACE_IMAGE_REPORT'

type Outcome = 'passed' | 'failed' | 'skipped'

/** One test: its outermost group is the column, its title the row. */
interface Cell {
  readonly column: string
  readonly row: string
  readonly outcome: Outcome
  readonly note: string
}

interface Figure {
  readonly kind: 'figure'
  readonly subject: string
  readonly finding: string
}

interface Reason {
  readonly kind: 'reason'
  readonly column: string
  readonly why: string
}

type Line = Figure | Reason

function write(line: Line): void {
  const file = process.env[reportFileVariable]
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`)
}

/** A figure that stands below the table: what, and what was found. */
export function report(subject: string, finding: string): void {
  write({ kind: 'figure', subject, finding })
}

/** Why a whole column was skipped. */
export function skipped(column: string, why: string): void {
  write({ kind: 'reason', column, why })
}

/** The cells of all tests that ran or could have run. */
export function cellsOf(modules: readonly TestModule[]): readonly Cell[] {
  return modules.flatMap((module) => Array.from(module.children.allTests(), cellOf))
}

function cellOf(found: TestCase): Cell {
  let column = ''
  let outcome: Outcome | 'pending' = found.result().state
  let { note = '' }: { readonly note?: string | undefined } = { note: undefined, ...found.result() }
  let [said] = (found.result().errors ?? []).map((error) => error.message)
  for (let group = found.parent; group.type === 'suite'; group = group.parent) {
    column = group.name
    const [error] = group.errors()
    if (error === undefined) continue
    outcome = 'failed'
    said ??= error.message
  }
  if (outcome === 'failed') note = said ?? ''
  return { column, row: found.name, outcome: outcome === 'pending' ? 'skipped' : outcome, note }
}

export async function printReport(cells: readonly Cell[], file: string): Promise<void> {
  const text = existsSync(file) ? (await readFile(file, 'utf8')).trim() : ''
  const lines = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Line)
  const figures = lines.filter((line) => line.kind === 'figure')
  const reasons = lines.filter((line) => line.kind === 'reason')
  const parts = [tablesOf(cells), notesOf(cells, reasons), alignedFigures(figures)]
  console.log(parts.map((part) => `\n${part.join('\n')}`).join('\n'))
}

const marks: Readonly<Record<Outcome, string>> = { passed: '✓', failed: '✗', skipped: 'skipped' }

/** The stacks first that people know, then the rest as they came. */
const firstColumns = ['image', 'docker run', 'Testcontainers', 'LocalStack', 'MiniStack', 'moto', 'ElasticMQ']

/** Rows are behaviours. Those of a single column stand in a table of that column, so that the first one is not all dashes. */
function tablesOf(cells: readonly Cell[]): readonly string[] {
  const found = [...new Set(cells.map(({ column }) => column))]
  const columns = [...new Set([...firstColumns.filter((name) => found.includes(name)), ...found])]
  const isShared = ({ row, column }: Cell): boolean => cells.some((each) => each.row === row && each.column !== column)
  const shared = cells.filter(isShared)
  const own = cells.filter((cell) => !isShared(cell))
  const tables = columns.map((column) => table(own, [column])).filter((lines) => lines.length > 0)
  return [table(shared, columns), ...tables].flatMap((lines) => [...lines, '']).slice(0, -1)
}

/** A dash is a behaviour that the column does not have. */
function table(cells: readonly Cell[], columns: readonly string[]): readonly string[] {
  const rows = [...new Set(cells.filter(({ column }) => columns.includes(column)).map(({ row }) => row))]
  if (rows.length === 0) return []
  const markAt = (row: string, column: string): string => {
    const cell = cells.find((each) => each.row === row && each.column === column)
    return cell === undefined ? '–' : marks[cell.outcome]
  }
  return aligned([['', ...columns], ...rows.map((row) => [row, ...columns.map((column) => markAt(row, column))])])
}

/** Why something was skipped or failed; the same reason is said once. */
function notesOf(cells: readonly Cell[], reasons: readonly Reason[]): readonly string[] {
  const whole = reasons.map(({ column, why }) => `${column}: skipped: ${why}`)
  const single = cells.filter(({ note }) => note !== '')
  const notes = single.map(({ column, outcome, note }) => `${column}: ${outcome}: ${note.split('\n', 1)[0]}`)
  return [...new Set([...whole, ...notes])]
}

function alignedFigures(figures: readonly Figure[]): readonly string[] {
  return aligned(figures.map(({ subject, finding }) => [subject, finding]))
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<readonly number[]>(
    (all, row) => row.map((text, index) => Math.max(all[index] ?? 0, text.length)),
    [],
  )
  return rows.map((row) =>
    row
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
