interface Range {
  readonly low: number
  readonly high: number
}

/** The numbers between any of several bounds, found in as many looks as the number of ranges has bits. */
export class Ranges {
  readonly #ranges: readonly Range[]

  constructor(ranges: readonly Range[]) {
    this.#ranges = joined(ranges)
  }

  has(value: number): boolean {
    let from = 0
    let to = this.#ranges.length
    while (from < to) {
      const middle = Math.floor((from + to) / 2)
      const range = this.#ranges[middle]
      if (range !== undefined && value > range.high) from = middle + 1
      else to = middle
    }
    const range = this.#ranges[from]
    return range !== undefined && value >= range.low && value <= range.high
  }
}

/** Those that overlap are one; they are in order, and none touches another. */
function joined(ranges: readonly Range[]): readonly Range[] {
  const apart: Range[] = []
  for (const range of ranges.toSorted((one, other) => one.low - other.low || one.high - other.high)) {
    const last = apart.at(-1)
    if (last === undefined || range.low > last.high) apart.push(range)
    else if (range.high > last.high) apart[apart.length - 1] = { low: last.low, high: range.high }
  }
  return apart
}

/** The next double above a finite one, so that every bound is one that belongs to its range. */
export function above(value: number): number {
  if (value === 0) return Number.MIN_VALUE
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? 1n : -1n))
  return view.getFloat64(0)
}

export function below(value: number): number {
  return -above(-value)
}
