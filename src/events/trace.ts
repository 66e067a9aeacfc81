/** AWS stops an invocation chain after about this many passes through one function (spec §2.3, recursive loop detection). */
export const lineagePassesMax = 16

/**
 * How often what carries this X-Ray trace header went through a function already: the highest count of its `Lineage=`
 * field, `hash:count` entries joined by `|` (a leading entry number is skipped). 0 without such a field.
 */
export function lineagePasses(traceHeader: string | undefined): number {
  const field = traceHeader
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => /^lineage=/i.test(part))
  if (field === undefined) return 0
  const counts = field
    .slice('lineage='.length)
    .split('|')
    .map((entry) => /:(\d{1,9})$/.exec(entry.trim())?.[1])
  return Math.max(0, ...counts.map((count) => Number(count ?? 0)))
}
