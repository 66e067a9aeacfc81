import fc from 'fast-check'

/** Patterns and events of few names and values, so that they meet often. */

export const names = fc.constantFrom('a', 'b', 'c')
export const dottedNames = fc.constantFrom('a', 'b', 'c', 'a.b', 'b.c.a', 'c.a')

const scalar: fc.Arbitrary<unknown> = fc.constantFrom('x', 'xy', 'Xy', 'y', '', 1, 2, 300, -1.5, null, true, false)

const alternative: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: fc.boolean().map((exists) => ({ exists })) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<object>(
      { prefix: 'x' },
      { prefix: '' },
      { suffix: 'y' },
      { prefix: { 'equals-ignore-case': 'X' } },
      { suffix: { 'equals-ignore-case': 'Y' } },
      { 'equals-ignore-case': 'xY' },
      { 'anything-but': ['x', 'y'] },
      { 'anything-but': 1 },
      { numeric: ['>', 0, '<=', 2] },
      { numeric: ['=', 300] },
      { numeric: ['<', 1] },
    ),
  },
)
export const leaf = fc.array(alternative, { minLength: 1, maxLength: 3 })

const patternKeys = fc.oneof({ weight: 4, arbitrary: names }, { weight: 1, arbitrary: fc.constantFrom('a.b', 'b.c.a') })

export function anyPattern(leaves: fc.Arbitrary<unknown> = leaf): fc.Arbitrary<object> {
  const { pattern } = fc.letrec<{ pattern: object }>((tie) => ({
    pattern: fc
      .tuple(
        fc.dictionary(patternKeys, fc.oneof({ maxDepth: 2, depthIdentifier: 'p' }, leaves, tie('pattern')), {
          minKeys: 1,
          maxKeys: 3,
          depthIdentifier: 'p',
        }),
        fc.option(fc.array(fc.dictionary(names, leaves, { minKeys: 1, maxKeys: 2 }), { minLength: 2, maxLength: 3 }), {
          freq: 4,
        }),
      )
      .map(([fields, alternatives]) => (alternatives === null ? fields : { ...fields, $or: alternatives })),
  }))
  return pattern
}

export function anyEvent(keys: fc.Arbitrary<string>, values: fc.Arbitrary<unknown> = scalar): fc.Arbitrary<object> {
  const { object } = fc.letrec<{ object: object; value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'e' },
      values,
      tie('object'),
      fc.array(tie('value'), { maxLength: 3, depthIdentifier: 'e' }),
    ),
    object: fc.dictionary(keys, tie('value'), { maxKeys: 3, depthIdentifier: 'e' }) as fc.Arbitrary<object>,
  }))
  return object
}
