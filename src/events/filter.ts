import { Buffer } from 'node:buffer'
import type { SourceKind } from '../model/source.ts'
import { matchesBranch } from './filter-match.ts'
import { parseExactJson } from './filter-number.ts'
import { compilePattern, type Branch } from './filter-pattern.ts'
import { objectOf, parseJson, stringOf, type JsonObject } from './json-value.ts'

/** The patterns of one mapping, compiled once. */
export interface CompiledFilter {
  readonly kind: 'filter'
  /** Takes the fragment of a record. Odd data does not match; it never throws. */
  readonly matches: (fragment: string) => boolean
}

export interface FilterError {
  readonly kind: 'refused'
  /** AWS's text for every fault. */
  readonly message: 'Invalid filter pattern definition.'
  /** What is wrong, and in which of the patterns: for the log and the config file. */
  readonly detail: string
  readonly index: number
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

function matcher(branches: readonly SourceBranch[], payload: Payload): CompiledFilter['matches'] {
  if (branches.length === 0) return () => true
  const comparesNumbers = branches.some(({ leaves }) => leaves.some((leaf) => leaf.comparesNumbers))
  const parse = comparesNumbers ? parseExactJson : parseJson
  const readsPayload = branches.some((branch) => branch.needs !== 'nothing')
  return (fragment) => {
    const record = objectOf(parseJson(fragment))
    const frame = payload.frame(record)
    if (payload.text === null) return branches.some((branch) => matchesBranch(branch, frame))
    if (!readsPayload) return branches.some((branch) => matchesBranch(branch, frame))
    const text = payload.text(record)
    const parsed = mayBeJson(text) ? parse(text) : undefined
    const isJson = parsed !== undefined
    const event = { ...frame, [payload.key]: isJson ? parsed : text }
    const kind = isJson ? 'json' : 'text'
    return branches.some(
      (branch) => (branch.needs === 'nothing' || branch.needs === kind) && matchesBranch(branch, event),
    )
  }
}

/** A scalar of JSON is text to whoever sends it: only objects and lists have fields. This also spares most exceptions. */
function mayBeJson(text: string): boolean {
  return /^\s*[{[]/.test(text)
}

function refused(detail: string, index: number): FilterError {
  return {
    kind: 'refused',
    message: 'Invalid filter pattern definition.',
    detail: `Filter ${index + 1}: ${detail}`,
    index,
  }
}
