/** Moments as AWS writes them in events and failure records: UTC, with or without milliseconds. */
export function isoMilliseconds(ms: number): string {
  return new Date(ms).toISOString()
}

export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
