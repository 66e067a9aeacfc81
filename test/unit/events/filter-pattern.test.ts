import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { branchesMax, compilePattern } from '../../../src/events/filter-pattern.ts'

// proves: filter.refused-operators, filter.invalid
describe('a pattern is refused', () => {
  it.each([
    ['malformed JSON', '{"a":["x"]'],
    ['no JSON at all', ''],
    ['a plain string', 'body'],
    ['a JSON string', '"body"'],
    ['JSON null', 'null'],
    ['a number', '1'],
    ['a list at the root', '[{"a":["x"]}]'],
    ['an empty object', '{}'],
    ['an empty object inside', '{"a":{}}'],
    ['a leaf that is not in a list', '{"a":"x"}'],
    ['a number that is not in a list', '{"a":1}'],
    ['a number beyond doubles that is not in a list', '{"a":12345678901234567890}'],
    ['a number beyond doubles', '12345678901234567890'],
    ['$or of numbers beyond doubles and objects', '{"$or":[12345678901234567890,{"a":[1]}]}'],
    ['null that is not in a list', '{"a":null}'],
    ['an empty list', '{"a":[]}'],
    ['a list in a list', '{"a":[["x"]]}'],
    ['an empty alternative', '{"a":[{}]}'],
    ['two operators in one alternative', '{"a":[{"prefix":"x","suffix":"y"}]}'],
    ['an exists beside another operator', '{"a":[{"exists":false,"prefix":"y"}]}'],
    ['an unknown operator', '{"a":[{"like":"x"}]}'],
    ['an operator in other letters', '{"a":[{"Prefix":"x"}]}'],
    ['an operator that JavaScript knows', '{"a":[{"constructor":"x"}]}'],
    ['wildcard', '{"a":[{"wildcard":"x*"}]}'],
    ['cidr', '{"a":[{"cidr":"10.0.0.0/24"}]}'],
    ['exactly', '{"a":[{"exactly":"x"}]}'],
    ['prefix of a number', '{"a":[{"prefix":1}]}'],
    ['prefix of a list', '{"a":[{"prefix":["x"]}]}'],
    ['prefix with an unknown modifier', '{"a":[{"prefix":{"ignore":"x"}}]}'],
    ['prefix with two modifiers', '{"a":[{"prefix":{"equals-ignore-case":"x","y":"z"}}]}'],
    ['suffix of null', '{"a":[{"suffix":null}]}'],
    ['suffix ignoring the case of a number', '{"a":[{"suffix":{"equals-ignore-case":1}}]}'],
    ['equals-ignore-case of a list', '{"a":[{"equals-ignore-case":["x"]}]}'],
    ['exists of a string', '{"a":[{"exists":"true"}]}'],
    ['exists of null', '{"a":[{"exists":null}]}'],
    ['anything-but null', '{"a":[{"anything-but":null}]}'],
    ['anything-but true', '{"a":[{"anything-but":true}]}'],
    ['anything-but nothing', '{"a":[{"anything-but":[]}]}'],
    ['anything-but of mixed types', '{"a":[{"anything-but":["x",1]}]}'],
    ['anything-but with null in the list', '{"a":[{"anything-but":["x",null]}]}'],
    ['anything-but prefix', '{"a":[{"anything-but":{"prefix":"x"}}]}'],
    ['anything-but suffix', '{"a":[{"anything-but":{"suffix":"x"}}]}'],
    ['anything-but equals-ignore-case', '{"a":[{"anything-but":{"equals-ignore-case":"x"}}]}'],
    ['numeric that is no list', '{"a":[{"numeric":5}]}'],
    ['numeric without a bound', '{"a":[{"numeric":[">"]}]}'],
    ['numeric of nothing', '{"a":[{"numeric":[]}]}'],
    ['numeric with an unknown operator', '{"a":[{"numeric":["!=",5]}]}'],
    ['numeric with a string as bound', '{"a":[{"numeric":[">","5"]}]}'],
    ['numeric with the bound first', '{"a":[{"numeric":[5,">"]}]}'],
    ['numeric with the upper bound first', '{"a":[{"numeric":["<",5,">",0]}]}'],
    ['numeric with two lower bounds', '{"a":[{"numeric":[">",0,">",5]}]}'],
    ['numeric equality in a range', '{"a":[{"numeric":["=",0,"<",5]}]}'],
    ['numeric with bounds that cross', '{"a":[{"numeric":[">",5,"<",0]}]}'],
    ['numeric with bounds that meet', '{"a":[{"numeric":[">=",5,"<=",5]}]}'],
    ['numeric with three terms', '{"a":[{"numeric":[">",0,"<"]}]}'],
    ['numeric with six terms', '{"a":[{"numeric":[">",0,"<",5,"<",6]}]}'],
    ['numeric with a bound that a double cannot hold', '{"a":[{"numeric":[">",12345678901234567890]}]}'],
    ['numeric with a bound beyond doubles', '{"a":[{"numeric":["=",1e999]}]}'],
    ['anything-but a number that a double cannot hold', '{"a":[{"anything-but":0.12345678901234567}]}'],
    ['anything-but numbers of which a double cannot hold one', '{"a":[{"anything-but":[1,12345678901234567890]}]}'],
    ['$or of one object', '{"$or":[{"a":["x"]}]}'],
    ['$or of objects and values', '{"$or":[{"a":["x"]},"y"]}'],
    ['$or with an empty object', '{"$or":[{"a":["x"]},{}]}'],
    ['$or with a fault inside', '{"$or":[{"a":["x"]},{"b":"y"}]}'],
    ['a fault below a good field', '{"a":["x"],"b":{"c":["y"],"d":[]}}'],
  ])('for %s', (_fault, text) => {
    expect(compilePattern(text)).toMatchObject({ kind: 'fault', detail: expect.stringMatching(/\S/) })
  })
})

it('the reason names the place', () => {
  expect(compilePattern('{"body":{"a":{"b":"x"}}}')).toEqual({
    kind: 'fault',
    detail: 'body.a.b: a value must be in a list.',
  })
})

// proves: filter.duplicate-keys
it('of duplicate keys the last counts, as in every JSON parser', () => {
  const compiled = compilePattern('{"a":"not even valid","a":["x"]}')
  expect(compiled).toMatchObject({ kind: 'pattern' })
})

// proves: filter.or
it('$ors multiply out up to the bound, and are refused beyond it at once', () => {
  const ors = (count: number) =>
    JSON.stringify(
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, { $or: [{ a: [1] }, { b: [1] }] }])),
    )
  const nine = compilePattern(ors(9))
  expect(nine.kind === 'pattern' && nine.branches.length).toBe(512)
  expect(512).toBeLessThan(branchesMax)
  for (const count of [10, 90]) {
    expect(compilePattern(ors(count))).toMatchObject({ kind: 'fault', detail: expect.stringContaining('combinations') })
  }
  const flat = JSON.stringify({ $or: Array.from({ length: branchesMax + 1 }, () => ({ a: [1] })) })
  expect(compilePattern(flat)).toMatchObject({ kind: 'fault' })
})

it('a pattern nested without end is refused, not run into the ground', () => {
  const deep = `${'{"a":'.repeat(50_000)}["x"]${'}'.repeat(50_000)}`
  expect(compilePattern(deep)).toMatchObject({ kind: 'fault', detail: expect.stringContaining('deeply') })
  expect(compilePattern(`{"${'a.'.repeat(50_000)}a":["x"]}`)).toMatchObject({ kind: 'fault' })
  const ors = `${'{"$or":[{"a":[1]},'.repeat(20_000)}{"a":[1]}${']}'.repeat(20_000)}`
  expect(compilePattern(ors)).toMatchObject({ kind: 'fault' })
})

it('whatever text comes, the compiler answers', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify({ a: [value], b: value })),
  )
  fc.assert(
    fc.property(text, (pattern) => {
      expect(['pattern', 'fault']).toContain(compilePattern(pattern).kind)
    }),
    { numRuns: 2_000 },
  )
})
