/** The first of several moments; null where there is none. */
export function earliest(moments: readonly number[]): number | null {
  let first: number | null = null
  for (const moment of moments) if (first === null || moment < first) first = moment
  return first
}
