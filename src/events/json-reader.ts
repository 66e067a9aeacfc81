import type { Effort } from './effort.ts'
import { isHeld, SpelledNumber } from './spelled-number.ts'

/** What is open while a text is read: a list, or an object and the key whose value comes next. */
type Open =
  | { readonly kind: 'list'; readonly value: unknown[] }
  | { readonly kind: 'object'; readonly value: Record<string, unknown>; key: string }

/** One step of the effort reads a token, and so many characters of a long one. */
const charsPerStep = 64

/**
 * Reads JSON as JSON.parse does, but in slices, and with the numbers that a double would change as they are spelled. JSON.parse is
 * five times as fast; it holds the process up for as long as a text takes, and texts made for that take long.
 */
export class JsonReader {
  readonly #text: string
  readonly #open: Open[] = []
  #at = 0
  #value: unknown = undefined
  #state: 'value' | 'after' | 'end' | 'broken' = 'value'

  constructor(text: string) {
    this.#text = text
  }

  /** Undefined where the text is no JSON. */
  get value(): unknown {
    return this.#state === 'end' ? this.#value : undefined
  }

  /** True: the text is read. False: there is more to read in another slice. */
  read(effort: Effort): boolean {
    while (this.#state === 'value' || this.#state === 'after') {
      const from = this.#at
      this.#state = this.#state === 'value' ? this.#readValue() : this.#readAfter()
      if (effort.spend(1 + Math.floor((this.#at - from) / charsPerStep))) return this.#isOver()
    }
    return true
  }

  #isOver(): boolean {
    return this.#state === 'end' || this.#state === 'broken'
  }

  /** The next character that is no white space; it is not taken. */
  #next(): string {
    for (;;) {
      const char = this.#text.charAt(this.#at)
      if (char !== ' ' && char !== '\n' && char !== '\r' && char !== '\t') return char
      this.#at += 1
    }
  }

  #takes(char: string): boolean {
    if (this.#next() !== char) return false
    this.#at += 1
    return true
  }

  #readValue(): 'value' | 'after' | 'broken' {
    switch (this.#next()) {
      case '[':
        this.#at += 1
        if (this.#takes(']')) return this.#put([])
        this.#open.push({ kind: 'list', value: [] })
        return 'value'
      case '{':
        this.#at += 1
        if (this.#takes('}')) return this.#put({})
        return this.#readKey({ kind: 'object', value: {}, key: '' })
      case '"':
        return this.#putToken(this.#stringToken())
      default:
        return this.#putToken(this.#plainToken())
    }
  }

  #readKey(object: Extract<Open, { kind: 'object' }>): 'value' | 'broken' {
    if (this.#next() !== '"') return 'broken'
    const key = parsed(this.#stringToken())
    if (typeof key !== 'string' || !this.#takes(':')) return 'broken'
    object.key = key
    if (this.#open.at(-1) !== object) this.#open.push(object)
    return 'value'
  }

  #readAfter(): 'value' | 'after' | 'end' | 'broken' {
    const open = this.#open.at(-1)
    if (open === undefined) return this.#next() === '' ? 'end' : 'broken'
    if (this.#takes(',')) return open.kind === 'list' ? 'value' : this.#readKey(open)
    if (!this.#takes(open.kind === 'list' ? ']' : '}')) return 'broken'
    this.#open.pop()
    return this.#put(open.value)
  }

  #put(value: unknown): 'after' {
    const open = this.#open.at(-1)
    if (open === undefined) this.#value = value
    else if (open.kind === 'list') open.value.push(value)
    else if (open.key !== '__proto__') open.value[open.key] = value
    // A field like any other, as it is for JSON.parse.
    else Object.defineProperty(open.value, open.key, { value, enumerable: true, configurable: true, writable: true })
    return 'after'
  }

  #putToken(token: string): 'after' | 'broken' {
    const value = parsed(token)
    if (value === undefined) return 'broken'
    return this.#put(typeof value === 'number' && !isHeld(value, token) ? new SpelledNumber(token) : value)
  }

  /** From quote to quote. */
  #stringToken(): string {
    const from = this.#at
    let end = from
    do {
      end = this.#text.indexOf('"', end + 1)
    } while (end !== -1 && isEscaped(this.#text, end))
    this.#at = end === -1 ? this.#text.length : end + 1
    return this.#text.slice(from, this.#at)
  }

  /** A number, true, false or null: what stands before the next mark or white space. */
  #plainToken(): string {
    const from = this.#at
    while (this.#at < this.#text.length && !endsToken(this.#text.charCodeAt(this.#at))) this.#at += 1
    return this.#text.slice(from, this.#at)
  }
}

/** Of one token: JSON.parse knows its escapes and its refusals. */
function parsed(token: string): unknown {
  try {
    return JSON.parse(token)
  } catch {
    return undefined
  }
}

/** An odd number of backslashes is before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === 0x5c) first -= 1
  return (at - first) % 2 === 1
}

/** White space, a comma, a colon, a quote, or a bracket. */
function endsToken(code: number): boolean {
  return code <= 0x20 || code === 0x2c || code === 0x3a || code === 0x22 || isBracket(code)
}

function isBracket(code: number): boolean {
  return code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d
}
