import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares without telling by its time where, or by how much in length, the two differ. */
export function secretsEqual(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
