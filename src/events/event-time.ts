/** Moments as AWS writes them in events and failure records: UTC, with or without milliseconds. */
export function isoMilliseconds(ms: number): string {
  return new Date(ms).toISOString()
}

export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/**
 * A moment of a record as the JSON number that AWS writes: in seconds, with a fraction even where it is zero. Functions whose
 * JSON parser tells integers from floats get a float every time.
 */
export function epochSeconds(ms: number): string {
  const seconds = ms / 1000
  // An emulator may say anything: what is no JSON number is no time.
  if (!Number.isFinite(seconds)) return '0.0'
  const text = String(seconds)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
