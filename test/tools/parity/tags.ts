import { sources, type Source } from './behaviour.ts'

/** A comment right above a test, or a group of tests: `// proves: sqs.partial.listed, stream.reshard@Kinesis`. */
export interface Tag {
  readonly behaviour: string
  /** null: all sources of the behaviour. */
  readonly source: Source | null
  readonly file: string
  /** The titles of the groups around the test and its own. */
  readonly path: readonly string[]
}

export interface Tags {
  readonly tags: readonly Tag[]
  readonly problems: readonly string[]
}

const tagLine = /^(\s*)\/\/ proves: (.+)$/
const opening = /^(\s*)(?:it|describe)((?:\.\w+)*)(?=[(`])/
const direct = /^\s*(?:it|describe)(?:\.(?:only|concurrent|sequential|fails))*\((['"`])(.*?)\1\s*,/
const afterTable = /\)\(\s*(['"`])(.*?)\1\s*,/

/** All tags of one test file. It is read as text: whether its tests pass is for the test run to say. */
export function tagsOf(file: string, text: string): Tags {
  const lines = text.split('\n')
  const found = lines.flatMap((line, index) => {
    const listed = tagLine.exec(line)?.[2]
    return listed === undefined ? [] : [tagsAt(lines, index, listed)]
  })
  return {
    tags: found.flatMap(({ tags }) => tags.map((tag) => ({ ...tag, file }))),
    problems: found.flatMap(({ at, problems }) => problems.map((problem) => `${file}:${at}: ${problem}`)),
  }
}

interface Found {
  readonly at: number
  readonly tags: readonly Omit<Tag, 'file'>[]
  readonly problems: readonly string[]
}

function tagsAt(lines: readonly string[], index: number, listed: string): Found {
  const at = lines.findIndex((each, place) => place > index && !each.trimStart().startsWith('//'))
  const path = at < 0 ? null : pathOf(lines, at)
  const refused = (problem: string): Found => ({ at: index + 1, tags: [], problems: [problem] })
  if (path === null) return refused('a tag stands right above it() or describe() with a title.')
  if (path.skipped) return refused('the test is skipped, so it proves nothing.')
  const named = listed.split(',').map((name) => name.trim().split('@'))
  const odd = named.filter(([, wanted]) => wanted !== undefined && sourceOf(wanted) === null)
  return {
    at: index + 1,
    tags: named
      .filter((each) => !odd.includes(each))
      .map(([behaviour = '', wanted]) => ({ behaviour, source: sourceOf(wanted), path: path.titles })),
    problems: odd.map(([, wanted]) => `${wanted} is no source.`),
  }
}

function sourceOf(name: string | undefined): Source | null {
  return sources.find((each) => each === name) ?? null
}

interface Path {
  readonly titles: readonly string[]
  readonly skipped: boolean
}

/** The titles from the outermost group down to what begins in this line; null where nothing begins. */
function pathOf(lines: readonly string[], at: number): Path | null {
  const titles: string[] = []
  let skipped = false
  let indent = Number.POSITIVE_INFINITY
  for (let index = at; index >= 0 && indent > 0; index -= 1) {
    const found = opening.exec(lines[index] ?? '')
    const depth = found?.[1]?.length ?? Number.POSITIVE_INFINITY
    if (found === null || depth >= indent || (index < at && !(lines[index] ?? '').includes('describe'))) {
      if (index === at) return null
      continue
    }
    const title = titleOf(lines, index)
    if (title === null) return null
    titles.unshift(title)
    skipped ||= /\.(skip|todo)\b/.test(found[2] ?? '')
    indent = depth
  }
  return { titles, skipped }
}

/** Behind `it.each([…])` the title may stand many lines later. */
function titleOf(lines: readonly string[], at: number): string | null {
  const here = direct.exec(lines[at] ?? '')
  if (here !== null) return here[2] ?? null
  return afterTable.exec(lines.slice(at, at + 80).join('\n'))?.[2] ?? null
}
