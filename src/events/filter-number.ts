import { parseJson } from './json-value.ts'

/** A JSON number that no double holds exactly. Filters compare it by nothing but its spelling, as AWS does. */
export class SpelledNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** As JSON.parse, but numbers that a double would change come as they are spelled. Undefined when it is not JSON. */
export function parseExactJson(text: string): unknown {
  if (!mayHoldSpelledNumber(text)) return parseJson(text)
  try {
    return JSON.parse(text, revive)
  } catch {
    // The reviver runs recursively where the parser itself does not: hostile nesting is read without it.
    return parseJson(text)
  }
}

/** Up to 15 digits and exponents of two fit into a double. Digits in strings are seen too, which costs only time. */
function mayHoldSpelledNumber(text: string): boolean {
  return /[\d.]{16}|\d[eE][+-]?\d{3}/.test(text)
}

// The third argument (the source text of a primitive) is newer than TypeScript's own declaration of JSON.parse.
function revive(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  return typeof value !== 'number' || source === undefined || isHeld(value, source) ? value : new SpelledNumber(source)
}

/** The shortest spelling of the double is the same decimal number as the text. */
function isHeld(value: number, source: string): boolean {
  return Number.isFinite(value) && decimalOf(String(value)) === decimalOf(source)
}

/** One form for all spellings of a decimal number. */
function decimalOf(spelling: string): string {
  const [mantissa = '', exponent = '0'] = spelling.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const scale = Number(exponent) - fraction.length + (digits.length - significant.length)
  return `${mantissa.startsWith('-') ? '-' : ''}${significant}e${scale}`
}
