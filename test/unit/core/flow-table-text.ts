import type { FlowTable } from './flow-table.ts'

const phases = ['opening', 'running', 'draining', 'ended'] as const

/** The table as it stands in SPEC.md, laid out as prettier does. */
export function tableText(table: FlowTable): string {
  const events = Object.keys(table.running) as (keyof FlowTable['running'])[]
  const rows = [
    ['event', ...phases],
    ...events.map((event) => [event, ...phases.map((phase) => table[phase][event].words)]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
