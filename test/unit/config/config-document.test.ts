import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { readDocument, type ConfigNode } from '../../../src/config/config-document.ts'

/** The values alone. */
function plain(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plain)
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.node)]))
}

const read = (text: string) => plain(readDocument(text, 'f.yaml'))

describe('a document', () => {
  it.each([
    ['', null],
    ['# nothing but a comment\n', null],
    ['---\n', null],
    ['a: 1\nb: [true, ~, "x"]', { a: 1, b: [true, null, 'x'] }],
    ['a: on\nb: yes\nc: 2026-01-01\nd: 1_000', { a: 'on', b: 'yes', c: '2026-01-01', d: '1_000' }],
    ['orders:live: {}\n0123: x', { 'orders:live': {}, '0123': 'x' }],
    ['{\n\t"a": 1,\n\t"b": { "c": [1.5] }\n}', { a: 1, b: { c: [1.5] } }],
    ['\uFEFFa: 1', { a: 1 }],
    ['a: ${HOME}', { a: '${HOME}' }],
    [
      '"__proto__": 1\nconstructor: 2',
      Object.fromEntries([
        ['__proto__', 1],
        ['constructor', 2],
      ]),
    ],
  ])('%j is read as YAML 1.2 or JSON', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it('knows its lines: those of keys, of values, and of what is missing', () => {
    const root = readDocument('# head\naws:\n  region: x\n  endpoint:\nlist:\n  - 1\n  - a: 2\n', 'f')
    const lines = (node: ConfigNode): unknown => {
      if (node.kind === 'scalar') return node.line
      if (node.kind === 'list') return [node.line, ...node.items.map(lines)]
      return Object.fromEntries([...node.entries].map(([key, { line, node: value }]) => [key, [line, lines(value)]]))
    }
    expect(lines(root)).toEqual({
      aws: [2, { region: [3, 3], endpoint: [4, 4] }],
      list: [5, [6, 6, { a: [7, 7] }]],
    })
  })

  it('lays anchors, aliases and merge keys out; own keys win, then the first map merged', () => {
    const text = [
      'base: &base { BatchSize: 5, Enabled: true }',
      'more: &more { BatchSize: 7, Window: 1 }',
      'one: { <<: *base, Enabled: false }',
      'two: { <<: [*base, *more] }',
      'same: *base',
      'list: [&x a, *x]',
    ].join('\n')
    expect(read(text)).toEqual({
      base: { BatchSize: 5, Enabled: true },
      more: { BatchSize: 7, Window: 1 },
      one: { BatchSize: 5, Enabled: false },
      two: { BatchSize: 5, Enabled: true, Window: 1 },
      same: { BatchSize: 5, Enabled: true },
      list: ['a', 'a'],
    })
  })

  it.each([
    ['a: 1\nb: 2\na: 3', "f.yaml:3: the key 'a' is there twice, first in line 1."],
    ['{"a": 1,\n"a": 2}', "f.yaml:2: the key 'a' is there twice, first in line 1."],
    ['x:\n  q: 1\n  "q": 2', "f.yaml:3: the key 'q' is there twice, first in line 2."],
    ['a: 1\nb: !Ref Queue', 'f.yaml:2: this is not valid YAML: Unresolved tag: !Ref.'],
    ['a:\n  b: *nobody', "f.yaml:2: the anchor 'nobody' is not set above."],
    ['a: &x\n  - *x', 'f.yaml:2: an anchor contains itself.'],
    ['a: 1\n? [b]\n: 1', 'f.yaml:2: a key must be a single word.'],
    ['a: &x 1\nb:\n  <<: *x', "f.yaml:3: the key '<<' takes a map, or a list of maps."],
    ['a: 1\n---\nb: 2', 'f.yaml:2: a second document begins here; one is read.'],
    ['a:\n\t- 1', 'f.yaml:2: this is not valid YAML: Tabs are not allowed as indentation.'],
    [
      'store: memory:',
      'f.yaml:1: this is not valid YAML: Nested mappings are not allowed in compact mappings. A value that has a colon in it or at its end needs quotes.',
    ],
    [
      'a: b: c',
      'f.yaml:1: this is not valid YAML: Nested mappings are not allowed in compact mappings. A value that has a colon in it or at its end needs quotes.',
    ],
    ['a: !!binary aGk=', 'f.yaml:1: aGk= is a kind of value that is not used here.'],
  ])('%j is refused with its line', (text, message) => {
    expect(() => readDocument(text, 'f.yaml')).toThrow(new ConfigError(message))
  })

  it('that grows beyond measure through its anchors is refused', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const inner = level === 0 ? 'x' : `*a${level - 1}`
      return `a${level}: &a${level} [${Array.from({ length: 10 }, () => inner).join(', ')}]`
    })
    expect(() => readDocument(levels.join('\n'), 'f')).toThrow('there are more than 100000 values, anchors included.')
  })
})
