import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rows } from './rows.ts'

const folder = join(import.meta.dirname, '..')
const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.test\.ts$|-contract\.ts$/.test(file) && !file.endsWith(join('regressions', 'rows.test.ts')))
  .map((file) => readFileSync(join(folder, file), 'utf8'))

/** A title of a test or of a table of cases, or a comment. */
const naming = /^\s*(?:\/\/|(?:it|test|describe)\b|\]|'.*': \[$)/

const named = tests.flatMap((text) => text.split('\n').filter((line) => naming.test(line))).join('\n')

test.each(rows)('a test names $name', ({ name }) => {
  expect(named.includes(name), 'the title of a test, or a comment above it, has this name').toBe(true)
})

test('no row is there twice', () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
})
