import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { flowTable } from './flow-table.ts'
import { tableText } from './flow-table-text.ts'

describe.each(Object.entries(flowTable))('a flow that is %s', (_, cells) => {
  it.each(Object.entries(cells))('%s', (_event, { see }) => {
    expect.hasAssertions()
    see()
  })
})

const page = join(import.meta.dirname, '../../../src/core/SPEC.md')

if (process.env['SPEC'] === 'write') {
  const table = /^\| event .*(?:\n\|.*)+/m
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(table, () => tableText(flowTable)),
  )
}

describe('the table of SPEC.md', () => {
  it('is the one that is run here; npm run spec writes it', () => {
    expect(readFileSync(page, 'utf8')).toContain(tableText(flowTable))
  })
})
