import type { Held } from './flow-state.ts'

/** When the queue shows the message again, if nobody acknowledges it: the end of its receipt without the margin. */
export function shownAgainMs({ readMs, expiresMs }: Held): number {
  const oursMs = expiresMs - readMs
  return readMs + Math.min(oursMs * 1.25, oursMs + 5_000)
}
