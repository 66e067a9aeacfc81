import type { Finding } from './finding.ts'

const shownMax = 5

/** A stream of a thousand shards must not say a thousand times the same. */
export function atMost(findings: readonly Finding[], more: string): readonly Finding[] {
  const [first] = findings
  if (first === undefined || findings.length <= shownMax) return findings
  const rest = { cause: first.cause, sentence: `${findings.length - shownMax} more ${more}.` }
  return [...findings.slice(0, shownMax), rest]
}
