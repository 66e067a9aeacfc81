/**
 * Sequence numbers are decimal numbers of any length, zero-padded or not (docs/peers.md), far beyond what a double holds. As
 * texts they would sort wrongly, as BigInt they would cost more than a whole record.
 */
export function compareSequenceNumbers(left: string, right: string): number {
  const a = significant(left)
  const b = significant(right)
  if (a.length !== b.length) return a.length < b.length ? -1 : 1
  if (a === b) return 0
  return a < b ? -1 : 1
}

function significant(digits: string): string {
  let start = 0
  while (start < digits.length - 1 && digits[start] === '0') start += 1
  return start === 0 ? digits : digits.slice(start)
}
