/** Controls of a terminal, ends of lines, and marks that turn the direction of what is shown after them. */
const unprintable = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * A text of a stranger (a function's error, a client's header) as a terminal may show it: in one line, and so that it can
 * neither move the cursor nor pass for a line of ours.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped)
}

/** The same for a text that has lines of its own, as a stack or indented JSON. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function escaped(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\t') return ' '
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
