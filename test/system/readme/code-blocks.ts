import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced block of code, and where it stands. */
export interface CodeBlock {
  readonly heading: string
  readonly language: string
  readonly code: string
}

/** The blocks of a Markdown text, each under the heading that is nearest above it. */
export function codeBlocksOf(markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = []
  let heading = ''
  let open: { readonly language: string; readonly lines: string[] } | null = null
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*)/.exec(line)
    if (open !== null) {
      if (fence === null) open.lines.push(line)
      else {
        blocks.push({ heading, language: open.language, code: open.lines.join('\n') })
        open = null
      }
    } else if (fence !== null) open = { language: fence[1] ?? '', lines: [] }
    else heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading
  }
  return blocks
}

const readme = join(import.meta.dirname, '../../../README.md')

export function readmeBlocks(): readonly CodeBlock[] {
  return codeBlocksOf(readFileSync(readme, 'utf8'))
}

/** The code that README.md shows under a heading in a language: of several the nth. */
export function readmeCode(heading: string, language: string, nth = 0): string {
  const blocks = readmeBlocks()
  const found = blocks.filter((block) => block.heading === heading && block.language === language)[nth]
  if (found !== undefined) return found.code
  const there = blocks.map((block) => `  ${block.heading}: ${block.language}`).join('\n')
  throw new Error(`README.md has no block ${nth + 1} in ${language} under the heading "${heading}", but:\n${there}`)
}

/** The code with each text replaced by what this machine forces in its place. A text that is not there is an error. */
export function substituted(code: string, texts: Readonly<Record<string, string>>): string {
  let result = code
  for (const [text, instead] of Object.entries(texts)) {
    if (!result.includes(text)) throw new Error(`README.md no longer says ${text} in:\n${code}`)
    result = result.replaceAll(text, instead)
  }
  return result
}
