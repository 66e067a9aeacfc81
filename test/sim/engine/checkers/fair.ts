import type { Book } from '../book.ts'
import type { Checker } from '../observation.ts'
import { violate } from '../observation.ts'

/** Whoever keeps a place for longer has no more than its share, and what it had before. */
const longMs = 10_000

/** Architecture §5, Permits: a mapping whose attempts last takes no more places than its share beside others that run. */
export function fair(book: Book): Checker {
  /** Attempts that are out, by process and mapping: since when each is. */
  const running = new Map<number, Map<string, Map<number, number>>>()
  return {
    name: 'fair',
    see(seen) {
      if (seen.kind === 'invoked') {
        const mappings = running.get(seen.process) ?? new Map<string, Map<number, number>>()
        running.set(seen.process, mappings)
        const own = mappings.get(seen.uuid) ?? new Map<number, number>()
        mappings.set(seen.uuid, own)
        own.set(seen.attempt, seen.t)
        judge(seen.t, seen.uuid, mappings)
      }
      if (seen.kind === 'answered') running.get(seen.process)?.get(seen.uuid)?.delete(seen.attempt)
    },
  }

  function judge(nowMs: number, uuid: string, mappings: ReadonlyMap<string, ReadonlyMap<number, number>>): void {
    const own = [...(mappings.get(uuid)?.values() ?? [])]
    if (own.length < 2 || Math.min(...own) >= nowMs - longMs) return
    // Those that began to run in this very moment may have come after it.
    const others = [...mappings].filter(([other, attempts]) => other !== uuid && isBusy(attempts, nowMs)).length
    const share = Math.max(1, Math.floor(book.world.scenario.maxInvocations / (1 + others)))
    if (own.length > share) {
      violate(
        'fair',
        `${uuid} takes its ${String(own.length)}. place, of a share of ${String(share)}, and keeps one for long`,
      )
    }
  }
}

function isBusy(attempts: ReadonlyMap<number, number>, nowMs: number): boolean {
  return [...attempts.values()].some((sinceMs) => sinceMs < nowMs)
}
