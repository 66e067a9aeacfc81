/** A JSON number that no double holds exactly. Filters compare it by nothing but its spelling, as AWS does. */
export class SpelledNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Up to 15 digits and exponents of two fit into a double. */
const digitsHeldMax = 15

/** The shortest spelling of the double is the same decimal number as the text. */
export function isHeld(value: number, source: string): boolean {
  if (source.length <= digitsHeldMax && !/e[+-]?\d{3}/i.test(source)) return true
  return Number.isFinite(value) && decimalOf(String(value)) === decimalOf(source)
}

/** One form for all spellings of a decimal number. */
function decimalOf(spelling: string): string {
  const [mantissa = '', exponent = '0'] = spelling.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = whole + fraction
  const first = indexOfDigit(digits, 0, 1)
  if (first === digits.length) return '0'
  const last = indexOfDigit(digits, digits.length - 1, -1)
  const scale = Number(exponent) - fraction.length + (digits.length - 1 - last)
  return `${mantissa.startsWith('-') ? '-' : ''}${digits.slice(first, last + 1)}e${scale}`
}

/** Of the first digit in this direction that is no zero; a pattern for it would look again from each zero on. */
function indexOfDigit(digits: string, from: number, step: 1 | -1): number {
  let at = from
  while (digits.charAt(at) === '0') at += step
  return at
}
