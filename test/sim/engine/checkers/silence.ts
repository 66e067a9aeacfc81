import type { Book } from '../book.ts'
import type { Checker } from '../observation.ts'
import { violate } from '../observation.ts'

/** A mapping that is disabled or gone asks its source for nothing and runs nothing; a stopped process neither. */
export function silence(book: Book): Checker {
  const stateOf = (number: number, uuid: string): string =>
    book.world.processes[number - 1]?.registry.get(uuid)?.state ?? 'gone'
  return {
    name: 'silence',
    see(seen) {
      if (seen.kind === 'stored' && (seen.state === 'Disabled' || seen.state === null)) {
        const running = [...book.mapping(seen.uuid).out.values()].filter(({ process }) => process === seen.process)
        if (running.length > 0)
          violate('silence', `${seen.uuid} is ${seen.state ?? 'gone'} and still runs its function`)
      }
      if (seen.kind !== 'asked' && seen.kind !== 'invoked') return
      const state = stateOf(seen.process, seen.uuid)
      const process = book.world.processes[seen.process - 1]
      const what = seen.kind === 'asked' ? seen.what : 'invoke'
      if (state === 'gone' || state === 'Disabled') violate('silence', `${what} by ${seen.uuid}, which is ${state}`)
      if (process?.stopped === true) violate('silence', `${what} by process ${String(seen.process)}, which has stopped`)
      // Those that are told first give back bytes, upon which the others may read on until they are told, in the same moment.
      const toldMs = process?.stoppingMs ?? null
      if (toldMs !== null && seen.t > toldMs && !mayStill(what, seen.uuid, seen.t - toldMs)) {
        violate('silence', `${what} by process ${String(seen.process)}, which is stopping`)
      }
    },
  }

  /** What a queue has given is spent: it is run if that fits into the rest of the grace time. */
  function mayStill(what: string, uuid: string, sinceMs: number): boolean {
    if (what !== 'invoke') return what !== 'read'
    return book.isQueue(uuid) && sinceMs < book.world.scenario.graceMs
  }
}
