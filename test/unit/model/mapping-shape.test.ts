import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../src/model/api-error.ts'
import { readStructure, refuse, wireName, type Shape, type Violation } from '../../../src/model/mapping-shape.ts'

const members: Record<string, Shape> = {
  Count: { type: 'integer', min: 1, max: 5 },
  Name: { type: 'string', lengthMin: 2, lengthMax: 4 },
  Flag: { type: 'boolean' },
  Time: { type: 'timestamp' },
  Kinds: { type: 'list', of: { type: 'string', values: ['a', 'b'] }, lengthMax: 2 },
  Items: { type: 'list', of: { type: 'structure', members: { Text: { type: 'string', lengthMax: 1 } } } },
  Labels: { type: 'map', key: { type: 'string', lengthMin: 1 }, value: { type: 'string', lengthMax: 2 } },
}

function read(value: unknown): { read: unknown; violations: Violation[] } {
  const violations: Violation[] = []
  return { read: readStructure(value, members, '', violations), violations }
}

function refusal(action: () => unknown): { type: string; message: string } {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError) return { type: error.type, message: error.message }
    throw error
  }
  throw new Error('nothing was refused')
}

describe('reading a shape', () => {
  // proves: api.unknown-members
  it('drops unknown members and nulls, at every depth', () => {
    expect(read({ Count: 1, Other: {}, Name: null, Items: [{ Text: null, X: 1 }] }).read).toEqual({
      Count: 1,
      Items: [{}],
    })
  })

  it('keeps a map key that is the name of a prototype', () => {
    const labels = (read(JSON.parse('{"Labels":{"__proto__":"x"}}')).read as { Labels: object }).Labels
    expect(Object.keys(labels)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype)
  })

  it.each([
    [{ Count: '3' }, 'STRING_VALUE can not be converted to an Integer'],
    [{ Count: 1.5 }, 'NUMBER_VALUE can not be converted to an Integer'],
    [{ Count: 1e10 }, 'NUMBER_VALUE can not be converted to an Integer'],
    [{ Count: true }, 'TRUE_VALUE can not be converted to an Integer'],
    [{ Name: 7 }, 'NUMBER_VALUE can not be converted to a String'],
    [{ Name: false }, 'FALSE_VALUE can not be converted to a String'],
    [{ Flag: 'true' }, 'STRING_VALUE can not be converted to a Boolean'],
    [{ Time: '2026' }, 'STRING_VALUE can not be converted to a Timestamp'],
    [{ Kinds: [1] }, 'NUMBER_VALUE can not be converted to a String'],
    [{ Name: {} }, 'Start of structure or map found where not expected.'],
    [{ Name: [] }, 'Start of list found where not expected'],
    [{ Kinds: 'a' }, 'Expected list or null'],
    [{ Labels: 'a' }, 'Expected null'],
    [{ Items: ['a'] }, 'Expected null'],
    [{ Labels: { a: null, b: 1 } }, 'NUMBER_VALUE can not be converted to a String'],
    ['text', 'Expected null'],
    [[], 'Start of list found where not expected'],
    [null, 'Expected null'],
  ])('answers the wrong type in %j as a SerializationException', (value, message) => {
    expect(refusal(() => read(value))).toEqual({ type: 'SerializationException', message })
  })

  it.each([
    [
      { Count: 0 },
      "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [{ Count: 6 }, "Value '6' at 'count' failed to satisfy constraint: Member must have value less than or equal to 5"],
    [
      { Name: 'x' },
      "Value 'x' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
    ],
    [
      { Name: 'abcde' },
      "Value 'abcde' at 'name' failed to satisfy constraint: Member must have length less than or equal to 4",
    ],
    [
      { Kinds: ['a', 'x'] },
      "Value '[a, x]' at 'kinds' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [a, b], Member must not be null]",
    ],
    [
      { Kinds: ['a', null] },
      "Value '[a, null]' at 'kinds' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [a, b], Member must not be null]",
    ],
    [
      { Kinds: ['a', 'b', 'a'] },
      "Value '[a, b, a]' at 'kinds' failed to satisfy constraint: Member must have length less than or equal to 2",
    ],
    [{ Items: [{}, null] }, "Value null at 'items.2.member' failed to satisfy constraint: Member must not be null"],
    [
      { Items: [{ Text: 'ab' }] },
      "Value 'ab' at 'items.1.member.text' failed to satisfy constraint: Member must have length less than or equal to 1",
    ],
    [
      { Labels: { '': 'x' } },
      "Value '{=x}' at 'labels' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length greater than or equal to 1, Member must not be null]",
    ],
    [
      { Labels: { k: 'xyz' } },
      "Value '{k=xyz}' at 'labels' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 2, Member must not be null]",
    ],
  ])('names value, path and constraint of %j', (value, text) => {
    expect(read(value).violations).toEqual([text])
  })

  // proves: api.errors.shape
  it('counts several violations in one answer', () => {
    const { violations } = read({ Count: 0, Name: 'x' })
    expect(refusal(() => refuse(violations))).toEqual({
      type: 'ValidationException',
      message: `2 validation errors detected: ${violations[0]}; ${violations[1]}`,
    })
    expect(refusal(() => refuse(violations.slice(0, 1))).message).toBe(`1 validation error detected: ${violations[0]}`)
    expect(() => refuse([])).not.toThrow()
  })

  it('cuts a value that nobody would read to the end', () => {
    expect(read({ Name: 'x'.repeat(5_000) }).violations[0]?.length).toBeLessThan(1_200)
  })

  it('writes a path as AWS does, the first letter in lower case', () => {
    expect([wireName('BatchSize'), wireName('KMSKeyArn')]).toEqual(['batchSize', 'kMSKeyArn'])
  })
})
