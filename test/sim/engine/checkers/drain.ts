import type { Book } from '../book.ts'
import { shown } from '../book.ts'
import type { Checker, Observation } from '../observation.ts'
import { violate } from '../observation.ts'

/** What a drain takes beside the attempts that are out: acknowledgements, the last checkpoint, the way there and back. */
const marginMs = 1_500
const slowWriteMs = 2_500
/** A write that was refused until the world was healed is made again within this time. */
const writeAgainMs = 5_000
/** After the cut: only what the store has taken already is waited for. */
const abortMarginMs = 4_000

/** Promise 6: a drain ends with the attempts that are out, or at the grace time; what it acknowledged stays acknowledged. */
export function drain(book: Book): Checker {
  const stopping = new Map<number, { readonly sinceMs: number; readonly dueMs: number }>()
  /** Messages that a process has received and neither run nor handed back, as `process/uuid/number`. */
  const owed = new Set<string>()
  /** Records of a stream that a process had acknowledged when it stopped in peace, by mapping. */
  const peaceful = new Map<string, Map<number, number>>()
  return {
    name: 'drain',
    see(seen) {
      if (seen.kind === 'process') onProcess(seen)
      if (seen.kind === 'received' || seen.kind === 'invoked' || seen.kind === 'released') onMessages(seen)
      if (seen.kind === 'invoked') nothingAgain(seen)
      for (const [process, { sinceMs, dueMs }] of stopping) {
        if (seen.t > dueMs)
          violate(
            'drain',
            `process ${String(process)} stops since ${String(sinceMs)}, and should have by ${String(dueMs)}`,
          )
      }
    },
  }

  function onProcess({ process, is, t }: Extract<Observation, { kind: 'process' }>): void {
    if (is === 'stopping') stopping.set(process, { sinceMs: t, dueMs: t + dueInMs(process, t) })
    if (is === 'crashed' || is === 'stopped') stopping.delete(process)
    if (is === 'crashed' || is === 'cut off' || is === 'aborted') peaceful.clear()
    if (is === 'stopped' && book.world.processes[process - 1]?.aborted === false) remember(process)
  }

  /** What a queue has given is run first, as long as that fits into the grace time. */
  function onMessages(seen: Extract<Observation, { kind: 'received' | 'invoked' | 'released' }>): void {
    if (!book.isQueue(seen.uuid)) return
    for (const number of seen.numbers) {
      const key = `${String(seen.process)}/${seen.uuid}/${String(number)}`
      if (seen.kind === 'received') owed.add(key)
      else owed.delete(key)
    }
    const stops = stopping.get(seen.process)
    if (stops === undefined || seen.kind === 'released') return
    stopping.set(seen.process, { ...stops, dueMs: stops.sinceMs + book.world.scenario.graceMs + abortMarginMs })
  }

  function dueInMs(process: number, t: number): number {
    const { graceMs, faults, safetyMs } = book.world.scenario
    const out = [...book.mappings.values()].flatMap((mapping) => [...mapping.out.values()])
    const lastMs = Math.max(t, ...out.filter((one) => one.process === process).map(({ endsMs }) => endsMs))
    const isSlow =
      faults.storeRefused > 0 || faults.storeSlow > 0 || faults.undeliverable > 0 || faults.settleRefused > 0
    // A write that was on its way when the world was healed takes its time.
    const slowMs = faults.storeSlow > 0 ? slowWriteMs : 0
    const writeMs = faults.storeRefused > 0 ? Math.max(slowMs, safetyMs + writeAgainMs - t) : slowMs
    const politeMs = isSlow && !book.world.healed ? Infinity : lastMs - t + marginMs + writeMs
    const isOwing = [...owed].some((key) => key.startsWith(`${String(process)}/`))
    return Math.min(graceMs + abortMarginMs, isOwing ? Infinity : politeMs)
  }

  function remember(process: number): void {
    peaceful.clear()
    if (book.world.processes.some((one) => one.zombie && !one.dead)) return
    for (const { uuid, done, sessions } of book.mappings.values()) {
      // What it acknowledged before another one took the flow for a while was never written down.
      const since = (number: number): number => {
        const last = sessions.get(book.world.facts.get(number)?.shardId ?? '')?.at(-1)
        return last?.process === process ? last.order : Infinity
      }
      const mine = [...done].filter(([number, by]) =>
        by.some((one) => one.process === process && one.order > since(number)),
      )
      peaceful.set(uuid, new Map(mine.map(([number]) => [number, process])))
    }
  }

  function nothingAgain(seen: Extract<Observation, { kind: 'invoked' }>): void {
    const again = seen.numbers.filter((number) => isAgain(seen, number))
    if (again.length > 0) {
      violate('drain', `${shown(again)} of ${seen.uuid} run again although their process had stopped in peace`)
    }
  }

  function isAgain(seen: Extract<Observation, { kind: 'invoked' }>, number: number): boolean {
    const fact = book.world.facts.get(number)
    const by = peaceful.get(seen.uuid)?.get(number)
    if (fact === undefined || fact.shardId === '' || by === undefined || by === seen.process) return false
    const { trims, recreations } = book.world.scenario.faults
    // Where a position was lost, reading starts over.
    return trims === 0 && recreations === 0
  }
}
