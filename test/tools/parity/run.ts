import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { chapters } from './behaviours.ts'
import { problemsOfRun, type TestReport } from './report.ts'
import { parityText, problemsOf } from './table.ts'
import { tagsOf } from './tags.ts'

/**
 * Prints the table of behaviours and writes it to PARITY.md. Ends with 1 when a behaviour has neither a test nor a reason, when a
 * tag names none, and, with --check or in CI, when PARITY.md in the tree is not what would be written. With --report FILE (of
 * vitest's JSON reporter) every tagged test must have passed in that run.
 */
const { values: flags } = parseArgs({
  options: { check: { type: 'boolean', default: process.env['CI'] === 'true' }, report: { type: 'string' } },
})
const root = join(import.meta.dirname, '../../..')
const parityFile = join(root, 'PARITY.md')

process.exitCode = await main()

async function main(): Promise<number> {
  const found = (await testFiles()).map(async (file) => tagsOf(relative(root, file), await readFile(file, 'utf8')))
  const scanned = await Promise.all(found)
  const tags = scanned.flatMap((each) => each.tags)
  const text = parityText(chapters, tags)
  const problems = [
    ...scanned.flatMap((each) => each.problems),
    ...problemsOf(chapters, tags),
    ...(flags.report === undefined ? [] : problemsOfRun(tags, await readReport(flags.report))),
    ...(flags.check ? await staleness(text) : []),
  ]
  if (!flags.check) await writeFile(parityFile, text)
  console.log(text)
  for (const problem of problems) console.error(problem)
  console.log(`${tags.length} tags, ${problems.length} problems`)
  return problems.length === 0 ? 0 : 1
}

async function testFiles(): Promise<readonly string[]> {
  const entries = await readdir(join(root, 'test'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  // The tests of this folder hold tags of their own, made up.
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(import.meta.dirname))
    .toSorted()
}

async function readReport(file: string): Promise<TestReport> {
  return JSON.parse(await readFile(file, 'utf8')) as TestReport
}

async function staleness(text: string): Promise<readonly string[]> {
  const written = await readFile(parityFile, 'utf8').catch(() => '')
  return written === text ? [] : ['PARITY.md is stale: run npm run parity and commit it.']
}
