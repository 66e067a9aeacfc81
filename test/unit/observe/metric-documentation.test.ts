import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { counters, gauges, histograms, readings } from '../../../src/observe/metric-table.ts'

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
const declared = [counters, gauges, histograms, readings].flatMap((table) => Object.values(table))

/** The rows of the table of metrics: Prometheus's name, CloudWatch's. */
const rows = new Map(
  [...readme.matchAll(/^\| `(millrace_[a-z_]+)`\s*\| (.*?)\s*\|$/gm)].map(([, name, counterpart]) => [
    name,
    counterpart,
  ]),
)

describe('the table of metrics in the README', () => {
  it('has every metric, and no other', () => {
    expect([...rows.keys()].toSorted()).toEqual(declared.map(({ name }) => name).toSorted())
  })

  it.each(declared)('names the counterpart of $name as its help text does', ({ name, help }) => {
    const [, said = 'none'] = /CloudWatch: ([A-Za-z]+)/.exec(help) ?? []
    expect(rows.get(name)).toMatch(said === 'none' ? /^–$/ : new RegExp(`^\`${said}\``))
  })
})
