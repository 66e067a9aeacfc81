import type { Page } from './page.ts'
import type { Tree } from './tree.ts'

/** How a document is called where one of its sections is cited. */
const documents: Readonly<Record<string, string>> = {
  behaviour: 'docs/behaviour.md',
  architecture: 'docs/architecture.md',
  spec: 'src/core/SPEC.md',
}

/** A sign with its number, and the word before it, which may stand at the end of the line above. */
const citation = /(?:(RFC \d+|[\w.-]+)[\s*/]+)?§(\d+[a-z]?(?:\.\d+)?)/g

/** Between two sections of one document: `behaviour §2.4, §4.6`. */
const goesOn = /^(?:,|,? ?and|or|to)$/

/** Sections that are cited and not there, and those of which nobody can know the document. */
export function brokenSections({ file, text }: Page, tree: Tree): readonly string[] {
  const broken: string[] = []
  let before: { readonly end: number; readonly document: string | null } = { end: 0, document: null }
  for (const match of text.matchAll(citation)) {
    const [whole, word = '', section = ''] = match
    const between = text.slice(before.end, match.index + whole.indexOf('§')).trim()
    const document = word.startsWith('RFC')
      ? null
      : (documents[word.toLowerCase()] ?? (goesOn.test(between) ? before.document : ownDocument(file)))
    before = { end: match.index + whole.length, document }
    if (word.startsWith('RFC')) continue
    if (document === null) broken.push(`${file}: section ${section} is cited without its document`)
    else if (!sectionsOf(tree.read(document)).has(section)) {
      broken.push(`${file}: ${document} has no section ${section}`)
    }
  }
  return broken
}

/** A sign alone means the page that it stands in; the table of behaviours is by the sections of one document. */
function ownDocument(file: string): string | null {
  if (file.startsWith('test/tools/parity/')) return 'docs/behaviour.md'
  return file.endsWith('.md') ? file : null
}

/** Numbered headings, and numbered items below one of the first order, as chapter and number. */
export function sectionsOf(markdown: string): ReadonlySet<string> {
  const sections = new Set<string>()
  let chapter: string | null = null
  for (const line of markdown.split('\n')) {
    const [, marks = '', heading] = /^(#{1,4}) (?:(\d+[a-z]?(?:\.\d+)?)\.? )?/.exec(line) ?? []
    if (marks.length > 0) chapter = marks === '##' ? (heading ?? null) : null
    if (heading !== undefined) sections.add(heading)
    const item = /^(\d+)\. /.exec(line)?.[1]
    if (item !== undefined && chapter !== null) sections.add(`${chapter}.${item}`)
  }
  return sections
}
