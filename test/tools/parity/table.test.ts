import { describe, expect, it } from 'vitest'
import { does, leaves, streams, type Chapter } from './behaviour.ts'
import { chapters } from './behaviours.ts'
import { problemsOfRun } from './report.ts'
import { parityText, problemsOf } from './table.ts'
import { tagsOf } from './tags.ts'

const table: readonly Chapter[] = [
  {
    title: 'Made up',
    behaviours: [
      does('split', '§4.5', streams, 'A batch is split.'),
      leaves(['kms', '§1.7', ['SQS'], 'Patterns are encrypted.'], 'There is no KMS.'),
    ],
  },
]

function scanned(...lines: string[]) {
  return tagsOf('test/some.test.ts', lines.join('\n'))
}

const inGroup = (...lines: string[]) => scanned("describe('a batch', () => {", ...lines, '})')

describe('a tag', () => {
  it('names the test below it with the groups around it', () => {
    const { tags, problems } = inGroup(
      "  it('is one of many', () => {})",
      "  describe('that fails', () => {",
      '    // proves: split, other@Kinesis',
      '    // Nothing else.',
      "    it('is split', async () => {",
      '    })',
      '  })',
    )
    expect(problems).toEqual([])
    const place = { file: 'test/some.test.ts', path: ['a batch', 'that fails', 'is split'] }
    expect(tags).toEqual([
      { ...place, behaviour: 'split', source: null },
      { ...place, behaviour: 'other', source: 'Kinesis' },
    ])
  })

  it('finds the title behind the table of a test, and that of a group', () => {
    const { tags } = scanned(
      '// proves: split',
      'describe.skipIf(absent)(`a batch`, () => {',
      '  // proves: split',
      '  it.each([',
      "    ['a', 1],",
      "  ] as const)('splits %s (spec)', (name) => {",
    )
    expect(tags.map(({ path }) => path)).toEqual([['a batch'], ['a batch', 'splits %s (spec)']])
  })

  it.each([
    ['of a test that is skipped', ["describe.skip('a batch', () => {", '  // proves: split', "  it('x', () => {})"]],
    ['of a test that is not written', ['// proves: split', "it.todo('x')"]],
    ['of no test', ['// proves: split', 'const split = 1']],
    ['of an unknown source', ['// proves: split@Kafka', "it('x', () => {})"]],
  ])('%s is refused with its line', (_what, lines) => {
    const { tags, problems } = scanned(...lines)
    expect(tags).toEqual([])
    expect(problems).toEqual([expect.stringMatching(/^test\/some\.test\.ts:\d+: /)])
  })
})

describe('the table', () => {
  const { tags } = scanned('// proves: split', "it('splits', () => {})")
  const ofSource = (name: string) => scanned(`// proves: ${name}`, "it('x', () => {})").tags

  it('is complete when each behaviour has a test or a reason', () => {
    expect(problemsOf(table, tags)).toEqual([])
  })

  it('misses a test for every source', () => {
    expect(problemsOf(table, [])).toEqual([
      'split (§4.5) has neither a test nor a reason for Kinesis, DynamoDB: A batch is split.',
    ])
    expect(problemsOf(table, ofSource('split@Kinesis'))[0]).toContain('for DynamoDB:')
  })

  it.each([
    ['unknown', /not in the table/],
    ['kms', /calls not executed/],
    ['split@SQS', /which does not have it/],
  ])('refuses the tag %s', (name, says) => {
    expect(problemsOf(table, [...tags, ...ofSource(name)])).toEqual([expect.stringMatching(says)])
  })

  it('refuses a reason that is none, and an id that is there twice', () => {
    const odd = leaves(['odd', '§1', ['SQS'], 'Odd.'], ' ')
    expect(problemsOf([{ title: '', behaviours: [odd, odd] }], [])).toEqual([
      'odd is in the table twice.',
      'odd is not executed, and no reason is given.',
      'odd is not executed, and no reason is given.',
    ])
  })

  it('is printed with its sources, tests and reasons', () => {
    const text = parityText(table, tags)
    expect(text).toContain('2 behaviours: 1 executed and tested, 1 not executed.')
    expect(text).toContain('| A batch is split. |   |   | ● | ● | `test/some.test.ts`: splits |')
    expect(text).toContain('| Patterns are encrypted. | – |   |   |   | not executed: There is no KMS. |')
  })

  it('of this repository has no id twice', () => {
    const ids = chapters.flatMap(({ behaviours }) => behaviours.map(({ id }) => id))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(100)
  })
})

describe('a test run', () => {
  const { tags } = inGroup('  // proves: split', "  it('splits $name in %i', () => {})")
  const ran = (title: string, status: string, file = '/somewhere/test/some.test.ts') => ({
    testResults: [{ name: file, assertionResults: [{ ancestorTitles: ['a batch'], title, status }] }],
  })

  it('shows a tagged test when it passed', () => {
    expect(problemsOfRun(tags, ran('splits x (odd) in 3', 'passed'))).toEqual([])
  })

  it('shows the test of a shared suite under the name of the file that runs it', () => {
    const shared = tags.map((tag) => ({ ...tag, file: 'test/contract/queue-contract.ts' }))
    expect(problemsOfRun(shared, ran('splits x in 3', 'passed'))).toEqual([])
  })

  it.each([
    ['splits x in 3', 'failed', undefined, /failed\.$/],
    ['splits x in 3', 'skipped', undefined, /was not run\.$/],
    ['joins x in 3', 'passed', undefined, /was not run\.$/],
    ['splits x in 3', 'passed', '/somewhere/test/other.test.ts', /was not run\.$/],
  ])('does not show one by "%s" that %s (%s)', (title, status, file, says) => {
    expect(problemsOfRun(tags, ran(title, status, file))).toEqual([expect.stringMatching(says)])
  })
})
