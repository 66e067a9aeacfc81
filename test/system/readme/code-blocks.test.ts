import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { codeBlocksOf, readmeBlocks, readmeCode, substituted } from './code-blocks.ts'

const process = 'test/system/process/readme.test.ts'
const image = 'test/system/image/readme.suite.ts'

/** Every block of README.md, in order: the test that executes it, or why none does. */
const blocks = [
  { heading: 'Try it', language: 'sh', test: process },
  { heading: 'Try it', language: 'sh', left: 'npm test would run this very test' },
  { heading: 'With a stack that has an endpoint', language: 'yaml', test: process },
  { heading: 'With a stack that has an endpoint', language: 'sh', test: process },
  { heading: 'With a stack that has an endpoint', language: 'sh', nth: 1, test: image },
  { heading: 'With functions of your own', language: 'yaml', test: process },
  { heading: 'In Docker', language: 'sh', test: image },
  { heading: 'With LocalStack', language: 'sh', test: image },
  { heading: 'In a test, as a container', language: 'ts', test: image },
  { heading: 'In a test, in the same process', language: 'ts', test: process },
]

it('each block of the README is executed by a test, or it is said here why not', () => {
  const name = ({ heading, language }: { readonly heading: string; readonly language: string }) =>
    `${heading}: ${language}`
  expect(readmeBlocks().map(name)).toEqual(blocks.map(name))
})

it.each(blocks.filter(({ left }) => left === undefined))(
  'the test named for $heading, $language, takes the block from the README',
  ({ heading, language, nth, test: file = '' }) => {
    const call = `readmeCode('${heading}', '${language}'${nth === undefined ? '' : `, ${nth}`})`
    expect(readFileSync(join(import.meta.dirname, '../../..', file), 'utf8')).toContain(call)
  },
)

it('blocks are found by heading and language, text and other fences around them', () => {
  const fence = '```'
  const text = `# One\n${fence}sh\na\n${fence}\ntext\n${fence}yaml\nb: 1\n\nc: 2\n${fence}\n## Two\n${fence}sh\n# no heading\n${fence}\n`
  expect(codeBlocksOf(text)).toEqual([
    { heading: 'One', language: 'sh', code: 'a' },
    { heading: 'One', language: 'yaml', code: 'b: 1\n\nc: 2' },
    { heading: 'Two', language: 'sh', code: '# no heading' },
  ])
})

it('a block that is missing is named, and those that are there', () => {
  expect(() => readmeCode('Nowhere', 'sh')).toThrow(
    /no block 1 in sh under the heading "Nowhere", but:\n {2}Try it: sh/,
  )
  expect(() => readmeCode('In Docker', 'sh', 1)).toThrow('no block 2 in sh')
})

it('a text that is to be replaced has to be there', () => {
  expect(substituted('a b a', { a: 'c' })).toBe('c b c')
  expect(() => substituted('a b', { d: 'c' })).toThrow('no longer says d')
})
