const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `12s`, `3m`, `2h`, `4d`: as short as a column wants it. */
export function shortAge(ms: number): string {
  for (const [unit, unitMs] of units) if (ms >= unitMs) return `${Math.floor(ms / unitMs)}${unit}`
  return '0s'
}
