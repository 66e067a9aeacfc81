import { sources, type Behaviour, type Chapter, type Source } from './behaviour.ts'
import type { Tag } from './tags.ts'

/** What is wrong between the table and the tags. */
export function problemsOf(chapters: readonly Chapter[], tags: readonly Tag[]): readonly string[] {
  const all = chapters.flatMap(({ behaviours }) => behaviours)
  const known = new Map(all.map((each) => [each.id, each]))
  return [
    ...twice(all).map((id) => `${id} is in the table twice.`),
    ...tags.flatMap((tag) => problemOfTag(known.get(tag.behaviour), tag)),
    ...all.flatMap((each) => problemOfRow(each, tags)),
  ]
}

function twice(all: readonly Behaviour[]): readonly string[] {
  const ids = all.map(({ id }) => id)
  return ids.filter((id, index) => ids.indexOf(id) !== index)
}

function problemOfTag(behaviour: Behaviour | undefined, tag: Tag): readonly string[] {
  const where = `${tag.file}: "${titleOf(tag)}"`
  if (behaviour === undefined) return [`${where} proves ${tag.behaviour}, which is not in the table.`]
  if (behaviour.notExecuted !== null) return [`${where} proves ${tag.behaviour}, which the table calls not executed.`]
  if (tag.source !== null && !behaviour.on.includes(tag.source)) {
    return [`${where} proves ${tag.behaviour} for ${tag.source}, which does not have it.`]
  }
  return []
}

function problemOfRow(behaviour: Behaviour, tags: readonly Tag[]): readonly string[] {
  if (behaviour.notExecuted !== null) {
    return behaviour.notExecuted.trim() === '' ? [`${behaviour.id} is not executed, and no reason is given.`] : []
  }
  const open = behaviour.on.filter((source) => !isShown(behaviour, source, tags))
  if (open.length === 0) return []
  return [
    `${behaviour.id} (${behaviour.section}) has neither a test nor a reason for ${open.join(', ')}: ${behaviour.says}`,
  ]
}

function isShown({ id }: Behaviour, source: Source, tags: readonly Tag[]): boolean {
  return tags.some((tag) => tag.behaviour === id && (tag.source === null || tag.source === source))
}

export function titleOf(tag: Tag): string {
  return tag.path.join(' › ')
}

/** PARITY.md. */
export function parityText(chapters: readonly Chapter[], tags: readonly Tag[]): string {
  const all = chapters.flatMap(({ behaviours }) => behaviours)
  const left = all.filter(({ notExecuted }) => notExecuted !== null)
  return [
    '# Parity with AWS Lambda event source mappings',
    '',
    'Made by `npm run parity` from the table in `test/tools/parity` and the tags in the tests; not edited by hand. ● the behaviour is',
    'there and the tests in the last column show it; – not executed, with the reason; an empty cell: AWS does not have it there.',
    '',
    `${all.length} behaviours: ${all.length - left.length} executed and tested, ${left.length} not executed.`,
    ...chapters.flatMap(({ title, behaviours }) => ['', `## ${title}`, '', ...rowsOf(behaviours, tags)]),
    '',
  ].join('\n')
}

function rowsOf(behaviours: readonly Behaviour[], tags: readonly Tag[]): readonly string[] {
  return [
    `| behaviour | ${sources.join(' | ')} | shown by |`,
    `|---|${sources.map(() => ':-:').join('|')}|---|`,
    ...behaviours.map((each) => {
      const mark = each.notExecuted === null ? '●' : '–'
      const marks = sources.map((source) => (each.on.includes(source) ? mark : ' '))
      return `| ${cell(each.says)} | ${marks.join(' | ')} | ${shownBy(each, tags)} |`
    }),
  ]
}

function shownBy({ id, notExecuted }: Behaviour, tags: readonly Tag[]): string {
  if (notExecuted !== null) return `not executed: ${cell(notExecuted)}`
  const own = tags.filter((tag) => tag.behaviour === id)
  return own.map((tag) => `\`${tag.file}\`: ${cell(titleOf(tag))}`).join('<br>')
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('<', '&lt;')
}
