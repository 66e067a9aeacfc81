import type { Book } from '../book.ts'
import { shown } from '../book.ts'
import type { Checker, Observation } from '../observation.ts'
import { violate } from '../observation.ts'

/** Promise 6: a process that stops in peace hands back the messages that it has received and not run. */
export function handBack(book: Book): Checker {
  /** Process and mapping → the messages it holds, and until when they are its own. */
  const held = new Map<string, Map<number, number>>()
  /** Those that let messages of a group go because an earlier one failed: these come back by themselves. */
  const lettingGo = new Set<string>()
  const keyOf = (seen: { readonly process: number; readonly uuid: string }): string =>
    `${String(seen.process)} ${seen.uuid}`
  return {
    name: 'hand back',
    see(seen) {
      if (seen.kind === 'received') take(seen)
      if (seen.kind === 'invoked' || seen.kind === 'released') {
        for (const number of seen.numbers) held.get(keyOf(seen))?.delete(number)
      }
      if (seen.kind === 'dropped' && seen.reason === 'visibility') lettingGo.add(keyOf(seen))
      if (seen.kind === 'process' && seen.is === 'stopped') nothingKept(seen)
    },
  }

  function take(seen: Extract<Observation, { kind: 'received' }>): void {
    const mine = held.get(keyOf(seen)) ?? new Map<number, number>()
    held.set(keyOf(seen), mine)
    for (const number of seen.numbers) {
      const fact = book.world.facts.get(number)
      const plan = [...book.world.sources.values()].find((source) => source.plan.name === fact?.source)?.plan
      if (fact === undefined || plan === undefined || fact.shardId !== '') continue
      // The engine calls a receipt expired a little earlier than the queue does.
      mine.set(number, seen.t + plan.visibilityMs - Math.min(5_000, plan.visibilityMs / 5))
    }
  }

  function nothingKept({ process, t }: Extract<Observation, { kind: 'process' }>): void {
    if (book.world.processes[process - 1]?.aborted !== false) return
    for (const [key, messages] of held) {
      if (!key.startsWith(`${String(process)} `) || lettingGo.has(key)) continue
      const uuid = key.split(' ')[1] ?? ''
      // What a filter does not match is acknowledged without being run.
      const isMine = (number: number): boolean => {
        const fact = book.world.facts.get(number)
        return fact !== undefined && book.matches(uuid, fact)
      }
      const kept = [...messages].filter(([number, untilMs]) => untilMs > t && isMine(number)).map(([number]) => number)
      if (kept.length > 0) violate('hand back', `process ${String(process)} has stopped and kept ${shown(kept)}`)
    }
  }
}
