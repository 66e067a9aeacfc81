import { createOutput } from '../observe/output.ts'

/** What a command writes to. Tests read it back. */
export interface Terminal {
  /** One line of result. */
  readonly out: (line: string) => void
  /** One line of complaint. */
  readonly err: (line: string) => void
  /** What fits on it; undefined: nobody looks at it, or it does not say. */
  readonly size?: () => TerminalSize | undefined
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export const processTerminal: Terminal = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  size: () => {
    const { columns, rows } = process.stdout
    return process.stdout.isTTY && columns > 0 && rows > 0 ? { columns, rows } : undefined
  },
}

/** For commands that go on working when nobody reads what they say. */
export function createLastingTerminal(): Terminal {
  const [out, err] = [createOutput(1), createOutput(2)]
  return {
    out: (line) => void out.write(`${line}\n`),
    err: (line) => void err.write(`${line}\n`),
  }
}

/** Columns as wide as their widest cell; the last one is left ragged. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
