import { Effort } from './effort.ts'
import { JsonReader } from './json-reader.ts'
import { parseJson } from './json-value.ts'

/** As JSON.parse, but numbers that a double would change come as they are spelled. Undefined when it is not JSON. */
export function parseExactJson(text: string): unknown {
  if (!mayHoldSpelledNumber(text)) return parseJson(text)
  const reader = new JsonReader(text)
  reader.read(new Effort())
  return reader.value
}

/** Up to 15 digits and exponents of two fit into a double. Digits in strings are seen too, which costs only time. */
function mayHoldSpelledNumber(text: string): boolean {
  return /[\d.]{16}|\d[eE][+-]?\d{3}/.test(text)
}
