export interface Row {
  readonly name: string
  readonly values: Readonly<Record<string, number>>
}

/** One scenario as a table: what was measured in columns, who in rows. */
export function table(title: string, rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row.values)))]
  const lines = [
    ['', ...columns],
    ...rows.map((row) => [row.name, ...columns.map((column) => shown(row.values[column]))]),
  ]
  const widths = ['', ...columns].map((_, index) => Math.max(...lines.map((line) => (line[index] ?? '').length)))
  const printed = lines.map((line) =>
    line
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  '),
  )
  return [title, ...printed.map((line) => `  ${line}`), ''].join('\n')
}

function shown(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  if (Number.isInteger(value)) return String(value)
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(value < 1 ? 3 : 2)
}

/** Adds how each compares with the row of that name, both measured in this run. */
export function besides(rows: readonly Row[], name: string, column: string): readonly Row[] {
  const measure = rows.find((row) => row.name.endsWith(name))?.values[column]
  if (measure === undefined) return rows
  return rows.map((row) => ({
    ...row,
    values: { ...row.values, [`of the ${name}`]: (row.values[column] ?? Number.NaN) / measure },
  }))
}

/** Of values in ascending order. */
export function median(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
