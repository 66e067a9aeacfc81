import { Buffer } from 'node:buffer'
import type { SourceKind } from '../model/source.ts'
import { Effort, type Slices } from './effort.ts'
import { parseExactJson } from './exact-json.ts'
import { matchBranch } from './filter-match.ts'
import { compilePattern, type Branch } from './filter-pattern.ts'
import { JsonReader } from './json-reader.ts'
import { objectOf, parseJson, stringOf, type JsonObject } from './json-value.ts'

/** The patterns of one mapping, compiled once. */
export interface CompiledFilter {
  readonly kind: 'filter'
  /** Takes the fragment of a record. Odd data does not match; it never throws. */
  readonly matches: (fragment: string) => boolean | Unfinished
}

/** A verdict that takes longer than the process may be held up. */
export interface Unfinished {
  /** One slice more. Null: it takes another one. */
  readonly proceed: () => boolean | null
}

/** Goes on until there is a verdict, without a pause. */
export function finished(verdict: boolean | Unfinished): boolean {
  if (typeof verdict === 'boolean') return verdict
  for (;;) {
    const next = verdict.proceed()
    if (next !== null) return next
  }
}

export interface FilterError {
  readonly kind: 'refused'
  /** AWS's text for every fault. */
  readonly message: 'Invalid filter pattern definition.'
  /** What is wrong, and in which of the patterns: for the log and the config file. */
  readonly detail: string
}

/** Compiles the patterns of FilterCriteria. A record matches when any of them does; without patterns every record does. */
export function compileFilters(kind: SourceKind, patterns: readonly string[]): CompiledFilter | FilterError {
  const payload = payloads[kind]
  const branches: SourceBranch[] = []
  for (const [index, pattern] of patterns.entries()) {
    const compiled = compilePattern(pattern)
    if (compiled.kind === 'fault') return refused(compiled.detail, index)
    const found = compiled.branches.map((branch) => sourceBranch(branch, payload))
    if (payload.objectsOnly && found.some((branch) => branch.needs === 'text')) {
      return refused(`"${payload.key}" takes an object of fields, not a list of values.`, index)
    }
    branches.push(...found)
  }
  return { kind: 'filter', matches: matcher(branches, payload) }
}

/** Where each source keeps what filters are mostly about, and how it is read (behaviour §6.1, §2.5, §4.9, §5). */
interface Payload {
  readonly key: string
  /** A pattern of plain text for the payload is refused. */
  readonly objectsOnly: boolean
  /** The record as patterns see it, without its payload. */
  readonly frame: (record: JsonObject) => JsonObject
  /** The payload as text that may be JSON; null where it is an object of the record already. */
  readonly text: ((record: JsonObject) => string) | null
}

const queuePayload: Payload = {
  key: 'body',
  objectsOnly: false,
  frame: (record) => record,
  text: (record) => stringOf(record['body']) ?? '',
}

const payloads: Readonly<Record<SourceKind, Payload>> = {
  sqs: queuePayload,
  'sqs-fifo': queuePayload,
  kinesis: {
    key: 'data',
    objectsOnly: true,
    // AWS's older manual names the metadata flat, other emulators nested: both work (behaviour §11.11).
    frame: (record) => ({ ...objectOf(record['kinesis']), ...record }),
    text: (record) => Buffer.from(stringOf(objectOf(record['kinesis'])['data']) ?? '', 'base64').toString(),
  },
  dynamodb: { key: 'dynamodb', objectsOnly: true, frame: (record) => record, text: null },
}

interface SourceBranch extends Branch {
  /** What the payload must be for this branch: an object or list of JSON, any other text, or it is not looked at. */
  readonly needs: 'json' | 'text' | 'nothing'
}

function sourceBranch(branch: Branch, payload: Payload): SourceBranch {
  const node = branch.root.children.get(payload.key)
  if (node === undefined) return { ...branch, needs: 'nothing' }
  return { ...branch, needs: node.leaf === null ? 'json' : 'text' }
}

interface Question {
  readonly branches: readonly SourceBranch[]
  readonly payload: Payload
  readonly readsPayload: boolean
  readonly comparesNumbers: boolean
}

function matcher(branches: readonly SourceBranch[], payload: Payload): CompiledFilter['matches'] {
  if (branches.length === 0) return () => true
  const comparesNumbers = branches.some(({ leaves }) => leaves.some((leaf) => leaf.comparesNumbers))
  const readsPayload = branches.some((branch) => branch.needs !== 'nothing')
  const question = { branches, payload, readsPayload, comparesNumbers }
  return (fragment) => firstSlice((effort) => judge(fragment, question, effort))
}

function* judge(fragment: string, question: Question, effort: Effort): Slices<boolean> {
  const whole = fragment.length <= parsedAtOnceMax ? parseJson(fragment) : yield* readInSlices(fragment, effort)
  const frame = question.payload.frame(objectOf(whole))
  const { event, kind } = yield* withPayload(frame, question, effort)
  for (const branch of question.branches) {
    if (branch.needs !== 'nothing' && branch.needs !== kind) continue
    if (yield* matchBranch(branch, event, effort)) return true
  }
  return false
}

/** The record as patterns see it, and what its payload is. */
function* withPayload(
  frame: JsonObject,
  question: Question,
  effort: Effort,
): Slices<{ readonly event: JsonObject; readonly kind: 'json' | 'text' }> {
  const { payload, readsPayload } = question
  if (payload.text === null || !readsPayload) return { event: frame, kind: 'json' }
  const text = payload.text(frame)
  const found = yield* readPayload(text, question, effort)
  if (found === undefined) return { event: { ...frame, [payload.key]: text }, kind: 'text' }
  return { event: { ...frame, [payload.key]: found }, kind: 'json' }
}

function* readPayload(text: string, { comparesNumbers }: Question, effort: Effort): Slices<unknown> {
  if (!mayBeJson(text)) return undefined
  if (text.length > parsedAtOnceMax) return yield* readInSlices(text, effort)
  return comparesNumbers ? parseExactJson(text) : parseJson(text)
}

function* readInSlices(text: string, effort: Effort): Slices<unknown> {
  const reader = new JsonReader(text)
  while (!reader.read(effort)) yield
  return reader.value
}

/** Does what fits into one slice: everything, for events as people send them. */
function firstSlice(begin: (effort: Effort) => Slices<boolean>): boolean | Unfinished {
  const effort = new Effort(sliceSteps)
  const slices = begin(effort)
  const first = slices.next()
  if (first.done === true) return first.value
  const proceed = (): boolean | null => {
    effort.nextSlice()
    const next = slices.next()
    return next.done === true ? next.value : null
  }
  return { proceed }
}

/** A slice takes a few milliseconds. */
const sliceSteps = 10_000
/** Longer texts are read in slices: made for it, one of a megabyte takes JSON.parse 80 ms. */
const parsedAtOnceMax = 65_536

/** A scalar of JSON is text to whoever sends it: only objects and lists have fields. This also spares most exceptions. */
function mayBeJson(text: string): boolean {
  return /^\s*[{[]/.test(text)
}

function refused(detail: string, index: number): FilterError {
  return {
    kind: 'refused',
    message: 'Invalid filter pattern definition.',
    detail: `Filter ${index + 1}: ${detail}`,
  }
}
