import { crc32 } from 'node:zlib'

/** A sum over one row, key included: SQLite itself does not notice when a disk changes what a row holds. */
export function sumOf(...columns: readonly (string | null)[]): number {
  return crc32(JSON.stringify(columns))
}
