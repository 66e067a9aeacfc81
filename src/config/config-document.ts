import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { ConfigError, readEach } from './config-error.ts'
import { lineOf } from './config-place.ts'
import { expand, type Expansion } from './expansion.ts'
import type { Environment } from './variables.ts'

/** A YAML or JSON text as a tree that knows its lines, anchors and merge keys resolved. */
export type ConfigNode = ConfigScalar | ConfigList | ConfigMap

export interface ConfigScalar {
  readonly kind: 'scalar'
  readonly line: number
  readonly value: string | number | boolean | null
  /** As it stands in the text, without quotes. */
  readonly source: string
  /** The text with variables put in, where it names some. It is read by what the key wants, as the text of a flag is. */
  readonly expanded?: Expansion
}

export interface ConfigList {
  readonly kind: 'list'
  readonly line: number
  readonly items: readonly ConfigNode[]
}

export interface ConfigMap {
  readonly kind: 'map'
  readonly line: number
  readonly entries: ReadonlyMap<string, ConfigEntry>
}

export interface ConfigEntry {
  /** The line of the key. */
  readonly line: number
  readonly node: ConfigNode
}

/** Anchors let a small text stand for a huge tree. */
const nodesMax = 100_000

/** `name`: the file, as errors show it. Without `env` the text has no variables. */
export function readDocument(text: string, name: string, env?: Environment): ConfigNode {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false, version: '1.2' })
  const byLine = new Map<number, string>()
  // A warning is a tag that means nothing here, `!Ref` of CloudFormation for one.
  const problems = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0])
  for (const problem of problems) {
    const line = lines.linePos(problem.pos[0]).line
    // What follows in the same line is the same mistake again.
    if (!byLine.has(line)) byLine.set(line, sayProblem(problem, text.split('\n')[line - 1] ?? ''))
  }
  if (byLine.size > 0)
    throw new ConfigError([...byLine].map(([line, says]) => `${lineOf({ file: name, line })}${says}`))
  return new TreeReader({ document, lines, name, env }).read(document.contents)
}

function sayProblem({ code, message }: YAMLError, line: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; one is read.'
  return `this is not valid YAML: ${sentence(message)}${hintFor(code, line)}`
}

function hintFor(code: YAMLError['code'], line: string): string {
  // `store: memory:` reads as a map within a map.
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return ' A value that has a colon in it or at its end needs quotes.'
  const hasVariable = code === 'UNEXPECTED_TOKEN' && line.includes('${')
  return hasVariable ? ' Between { } and [ ], a value with ${ in it needs quotes.' : ''
}

interface TreeParts {
  readonly document: Document
  readonly lines: LineCounter
  readonly name: string
  readonly env: Environment | undefined
}

class TreeReader {
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #name: string
  readonly #env: Environment | undefined
  readonly #open = new Set<unknown>()
  #count = 0

  constructor({ document, lines, name, env }: TreeParts) {
    this.#document = document
    this.#lines = lines
    this.#name = name
    this.#env = env
  }

  read(node: unknown): ConfigNode {
    const line = this.#lineOf(node)
    this.#count += 1
    if (this.#count > nodesMax) {
      const message = `there are more than ${nodesMax} values, anchors included.`
      throw new ConfigError(lineOf({ file: this.#name, line }) + message, { isFinal: true })
    }
    if (node === null || node === undefined) return { kind: 'scalar', line, value: null, source: '' }
    if (isAlias(node)) {
      const anchored = node.resolve(this.#document)
      if (!anchored) throw this.#error(line, `the anchor '${node.source}' is not set above.`)
      return this.#guarded(anchored, line)
    }
    return isScalar(node) ? this.#scalar(node, line) : this.#guarded(node, line)
  }

  #scalar({ value, source }: Scalar, line: number): ConfigScalar {
    if (typeof value === 'string') return { kind: 'scalar', line, source: source ?? value, ...this.#expanded(value) }
    const plain = typeof value === 'number' || typeof value === 'boolean' || value === null
    if (!plain) throw this.#error(line, `${String(source)} is a kind of value that is not used here.`)
    return { kind: 'scalar', line, value, source: source ?? String(value) }
  }

  #expanded(text: string): Pick<ConfigScalar, 'value' | 'expanded'> {
    if (this.#env === undefined || !text.includes('${')) return { value: text }
    return { value: text, expanded: expand(text, this.#env) }
  }

  /** Lists and maps; an anchor that contains itself would never end. */
  #guarded(node: unknown, line: number): ConfigNode {
    if (!isMap(node) && !isSeq(node)) return this.read(node)
    if (this.#open.has(node)) throw this.#error(line, 'an anchor contains itself.')
    this.#open.add(node)
    const read: ConfigNode = isMap(node)
      ? { kind: 'map', line: this.#lineOf(node), entries: this.#entries(node) }
      : { kind: 'list', line: this.#lineOf(node), items: readEach(node.items, (item) => this.read(item)) }
    this.#open.delete(node)
    return read
  }

  #entries(map: YAMLMap): Map<string, ConfigEntry> {
    const own = new Map<string, ConfigEntry>()
    const merged = new Map<string, ConfigEntry>()
    readEach(map.items, ({ key, value }) => {
      const line = this.#lineOf(key)
      if (!isScalar(key)) throw this.#error(line, 'a key must be a single word.')
      const name = typeof key.value === 'string' ? key.value : (key.source ?? '')
      const node = this.read(value)
      if (name === '<<') {
        for (const [inherited, entry] of this.#merged(node, line)) {
          if (!merged.has(inherited)) merged.set(inherited, entry)
        }
        return
      }
      const first = own.get(name)
      if (first) throw this.#error(line, `the key '${name}' is there twice, first in line ${first.line}.`)
      // A value that is missing stands in the line of its key.
      own.set(name, { line, node: value === null ? { ...node, line } : node })
    })
    for (const [inherited, entry] of merged) if (!own.has(inherited)) own.set(inherited, entry)
    return own
  }

  /** `<<: *base`, or a list of such, the first one winning. */
  #merged(node: ConfigNode, line: number): [string, ConfigEntry][] {
    if (node.kind === 'map') return [...node.entries]
    if (node.kind === 'list') return node.items.flatMap((item) => this.#merged(item, line))
    throw this.#error(line, "the key '<<' takes a map, or a list of maps.")
  }

  #lineOf(node: unknown): number {
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
    const start = Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0
    return this.#lines.linePos(start).line || 1
  }

  #error(line: number, message: string): ConfigError {
    return new ConfigError(lineOf({ file: this.#name, line }) + message)
  }
}

function sentence(message: string): string {
  return /[.?!]$/.test(message) ? message : `${message}.`
}
