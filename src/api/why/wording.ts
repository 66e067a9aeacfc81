import { parseFunctionName, sourceOf } from '../../model/arn.ts'
import type { MappingDocument } from '../../model/mapping.ts'
import { plural } from '../../model/plural.ts'
import { isStream } from '../../model/source.ts'

/** The small words that all sentences share. */

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

export function duration(ms: number): string {
  if (ms < second) return 'less than 1 s'
  if (ms < 2 * minute) return `${Math.round(ms / second)} s`
  if (ms < 2 * hour) return `${Math.round(ms / minute)} min`
  return ms < 2 * day ? `${Math.round(ms / hour)} h` : `${Math.round(ms / day)} days`
}

/** The time alone is enough as long as it is of today or nearly so. */
export function clockTime(atMs: number, nowMs: number): string {
  const [date = '', time = ''] = new Date(atMs).toISOString().split('T')
  const shown = `${time.slice(0, 8)} UTC`
  return Math.abs(nowMs - atMs) < day / 2 ? shown : `${date} ${shown}`
}

export function since(atMs: number, nowMs: number): string {
  return `since ${clockTime(atMs, nowMs)} (${duration(nowMs - atMs)})`
}

/** The same beside a sentence that says how it is now. */
export function sinceThen(atMs: number, nowMs: number): string {
  return `since ${clockTime(atMs, nowMs)}, ${duration(nowMs - atMs)} ago`
}

/** When something is due; what is over due is done at any moment. */
export function due(atMs: number, nowMs: number): string {
  return atMs <= nowMs ? 'now' : `at ${clockTime(atMs, nowMs)} (in ${duration(atMs - nowMs)})`
}

/** `1 message waits`, `2 messages wait`. */
export function counted(count: number, noun: string, one: string, many: string): string {
  return `${plural(count, noun)} ${count === 1 ? one : many}`
}

export function sourceNoun({ source, sourceName }: MappingDocument): string {
  const name = sourceOf(sourceName)?.resource ?? sourceName
  if (source === 'dynamodb') return `stream of table ${name}`
  return isStream(source) ? `stream ${name}` : `queue ${name}`
}

export function functionNoun({ functionArn }: Pick<MappingDocument, 'functionArn'>): string {
  const parsed = parseFunctionName(functionArn)
  if (parsed === undefined) return `function ${functionArn}`
  return `function ${parsed.name}${parsed.qualifier === undefined ? '' : `:${parsed.qualifier}`}`
}

export function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

/** A sentence ends once, whatever the message in it ends with. */
export function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
