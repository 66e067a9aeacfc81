/** Which seeds a run takes: `SIM_BASE` and `SIM_SEEDS` replace the ones of every day. */
export function seedsOf(count: number, base = 1): { readonly base: number; readonly count: number } {
  return { base: Number(process.env['SIM_BASE'] ?? base), count: Number(process.env['SIM_SEEDS'] ?? count) }
}

/** The seeds in parts, so that a failure says early where it is and no test is silent for long. */
export function partsOf(
  seeds: { readonly base: number; readonly count: number },
  size: number,
): { from: number; to: number }[] {
  const parts: { from: number; to: number }[] = []
  for (let from = seeds.base; from < seeds.base + seeds.count; from += size) {
    parts.push({ from, to: Math.min(from + size, seeds.base + seeds.count) - 1 })
  }
  return parts
}
