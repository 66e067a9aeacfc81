import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../..')

/** The names in the first column of the table. */
const rows = readFileSync(join(folder, '../docs/regressions.md'), 'utf8')
  .split('\n')
  .flatMap((line) => /^\| (?!where it happened|-)(.+?) +\|/.exec(line)?.[1] ?? [])

const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.test\.ts$|-contract\.ts$/.test(file) && !file.endsWith(join('regressions', 'rows.test.ts')))
  .map((file) => readFileSync(join(folder, file), 'utf8'))

/** A title of a test or of a table of cases, or a comment. */
const naming = /^\s*(?:\/\/|(?:it|describe)\b|\]|'.*': \[$)/

const named = tests.flatMap((text) => text.split('\n').filter((line) => naming.test(line))).join('\n')

it('the list of what broke elsewhere is read', () => {
  expect(rows.length).toBeGreaterThan(40)
})

it.each(rows)('a test names %s', (row) => {
  expect(named.includes(row), 'the title of a test, or a comment above it, has this name').toBe(true)
})

it('no row is there twice', () => {
  expect(new Set(rows).size).toBe(rows.length)
})
