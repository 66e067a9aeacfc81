import { appendFileSync, existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** Tests run in processes of their own; what they measured reaches the table by a file. */
export const reportFileVariable = 'MILLRACE_IMAGE_REPORT'

/** One line of the table that the suite prints at its end: what, and what was found. */
export function report(subject: string, finding: string): void {
  const file = process.env[reportFileVariable]
  if (file !== undefined) appendFileSync(file, `${subject}\t${finding}\n`)
}

export async function printTable(file: string, dockerMissing: string): Promise<void> {
  if (dockerMissing !== '') console.log(`Everything that needs Docker was skipped: ${dockerMissing}`)
  if (!existsSync(file)) return
  const rows = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
  const width = Math.max(...rows.map(([subject = '']) => subject.length))
  for (const [subject = '', finding = ''] of rows) console.log(`${subject.padEnd(width)}  ${finding}`)
}
