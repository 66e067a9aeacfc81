import { shortAge } from './age.ts'
import type { MappingOverview, Trouble } from '../model/mapping-status.ts'
import { shortName } from './short-name.ts'
import type { TerminalSize } from './terminal.ts'

/** What a pipe gets: nobody knows how wide it is looked at. */
const columnsUsual = 80
/** From here on there is room for the UUID. */
const columnsWide = 120
const namesMin = 8
const gap = 2

const header = ['SOURCE', 'FUNCTION', 'STATE', 'BACKLOG', 'OLDEST', 'RATE/S', 'NOW', 'LAST']

/** The mappings as lines that fit: a row for each, and what troubles it below. */
export function statusLines(
  reports: readonly MappingOverview[],
  nowMs: number,
  size: Partial<TerminalSize> | undefined,
): readonly string[] {
  if (reports.length === 0) return ['No mappings.']
  const columns = size?.columns ?? columnsUsual
  const isWide = columns >= columnsWide
  const rows = [header, ...reports.map((report) => cellsOf(report, nowMs))]
  const uuids = ['UUID', ...reports.map(({ uuid }) => uuid)]
  const lines = layOut(isWide ? rows.map((row, index) => [...row, uuids[index] ?? '']) : rows, columns)
  const blocks = reports.map((report, index) => ({
    lines: [lines[index + 1] ?? '', ...troublesOf(report, nowMs).map((line) => cutLine(`  ${line}`, columns))],
    isTroubled: isTroubled(report),
  }))
  return [lines[0] ?? '', ...fitting(blocks, (size?.rows ?? Infinity) - 1)]
}

function cellsOf(report: MappingOverview, nowMs: number): readonly string[] {
  const { activity, backlog, flows, functionArn, source, state } = report
  const behind = flows.flatMap(({ behindMs }) => behindMs ?? [])
  return [
    shortName(source).replace(/\/stream\/.*/, ''),
    shortName(functionArn).replace(/^lambda:/, ''),
    state,
    backlog ? String(backlog.visible + backlog.delayed) : '-',
    behind.length === 0 ? '-' : shortAge(Math.max(...behind)),
    activity.recordsPerSecond === 0 ? '0' : activity.recordsPerSecond.toFixed(1),
    String(flows.reduce((sum, { invoking }) => sum + invoking, 0)),
    activity.lastInvokedMs === null ? '-' : shortAge(nowMs - activity.lastInvokedMs),
  ]
}

function isTroubled({ functionTrouble, sourceTrouble }: MappingOverview): boolean {
  return functionTrouble !== null || sourceTrouble !== null
}

/** What keeps it from working; where nothing does, the last thing that went wrong. */
function troublesOf(report: MappingOverview, nowMs: number): readonly string[] {
  const { functionTrouble, lastError, pauseReasons, sourceTrouble } = report
  const said = [sentence('source', sourceTrouble, nowMs), sentence('function', functionTrouble, nowMs)].filter(
    (line) => line !== null,
  )
  if (pauseReasons.includes('drain')) said.push('stopping: what is in flight ends, nothing new begins')
  const isNews = ![sourceTrouble, functionTrouble].some((trouble) => trouble?.message === lastError?.message)
  if (lastError !== null && isNews)
    said.push(`last error ${shortAge(nowMs - lastError.atMs)} ago: ${lastError.message}`)
  return said
}

function sentence(what: string, trouble: Trouble | null, nowMs: number): string | null {
  return (
    trouble &&
    `${what} ${words[trouble.kind] ?? trouble.kind} for ${shortAge(nowMs - trouble.sinceMs)}: ${trouble.message}`
  )
}

/** Where the kind of a trouble is no word that follows `function`. */
const words: Readonly<Record<string, string>> = { failed: 'failing', noLambda: 'without a Lambda' }

/** Source and function, the first two columns, give way until everything fits. */
function layOut(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  let over = widths.reduce((sum, width) => sum + width + gap, -gap) - columns
  while (over > 0) {
    const widest = (widths[0] ?? 0) >= (widths[1] ?? 0) ? 0 : 1
    if ((widths[widest] ?? 0) <= namesMin) break
    widths[widest] = (widths[widest] ?? 0) - 1
    over -= 1
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => cutMiddle(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0))
    return cutLine(cells.join(' '.repeat(gap)).trimEnd(), columns)
  })
}

interface Block {
  readonly lines: readonly string[]
  readonly isTroubled: boolean
}

/** Where there is no room for all, those in trouble are kept first, and the rest is counted. */
function fitting(blocks: readonly Block[], rowsMax: number): readonly string[] {
  const height = (some: readonly Block[]) => some.reduce((sum, { lines }) => sum + lines.length, 0)
  if (height(blocks) <= rowsMax) return blocks.flatMap(({ lines }) => lines)
  const kept = new Set<Block>()
  let left = rowsMax - 1
  for (const block of [...blocks.filter((one) => one.isTroubled), ...blocks.filter((one) => !one.isTroubled)]) {
    if (block.lines.length > left) continue
    kept.add(block)
    left -= block.lines.length
  }
  const hidden = blocks.length - kept.size
  const inTrouble = blocks.filter((block) => block.isTroubled && !kept.has(block)).length
  const rest = `and ${hidden} more mappings${inTrouble === 0 ? '' : `, ${inTrouble} of them in trouble`}`
  return [...blocks.filter((block) => kept.has(block)).flatMap(({ lines }) => lines), rest]
}

/** On one line, whatever the message holds. */
export function cutLine(text: string, columns: number): string {
  const line = text.replaceAll(/[\p{Cc}\s]+$/gu, '').replaceAll(/\p{Cc}+/gu, ' ')
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`
}

/** Names differ at both ends. */
function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text
  const head = Math.ceil((width - 1) / 2)
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`
}
