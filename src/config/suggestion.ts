/** ` Did you mean --port?` for a near miss, else the empty string. `prefix` is what all of them begin with. */
export function suggestion(given: string, known: readonly string[], prefix: string): string {
  const meant = nearest(
    given.slice(prefix.length),
    known.map((word) => word.slice(prefix.length)),
  )
  return meant === undefined ? '' : ` Did you mean ${prefix}${meant}?`
}

/** The known word that was probably meant, if one is near enough. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const plain = fold(given)
  // A third of the word may be wrong: `prot` is near `port`, `name` is not near `host`.
  let bestDistance = Math.min(Math.floor(plain.length / 3) + 1, plain.length - 1)
  let best: string | undefined
  for (const candidate of known) {
    const distance = editDistance(plain, fold(candidate))
    if (distance > bestDistance || (distance === bestDistance && best !== undefined)) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/** `batch_size`, `batch-size` and `BatchSize` are one word spelt thrice. */
function fold(word: string): string {
  return word.slice(0, 64).toLowerCase().replaceAll(/[-_ ]/g, '')
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
