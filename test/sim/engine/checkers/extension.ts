import { isAtRest } from '../../../../src/core/mapping/states.ts'
import type { Book } from '../book.ts'
import { shown } from '../book.ts'
import type { Checker, Observation } from '../observation.ts'
import { violate } from '../observation.ts'

/** A message whose visibility is extended is not seen again by anybody while the function has it. */
export function extension(book: Book): Checker {
  /** Attempts that are out, and that must not lose what they have. */
  const out = new Map<string, Attempt>()
  /** Process and message of which an extension was refused. */
  const refused = new Set<string>()
  return {
    name: 'extension',
    see(seen) {
      if (seen.kind === 'invoked' && extendsNow(book, seen)) out.set(keyOf(seen), { ...seen })
      if (seen.kind === 'answered') out.delete(keyOf(seen))
      if (seen.kind === 'extended')
        for (const number of seen.refused) refused.add(`${String(seen.process)}/${String(number)}`)
      if (seen.kind === 'received') notSeenAgain(seen)
    },
  }

  function notSeenAgain(seen: Extract<Observation, { kind: 'received' }>): void {
    for (const attempt of out.values()) {
      if (attempt.uuid !== seen.uuid || !isAlive(book, attempt.process) || !extendsNow(book, attempt)) continue
      const again = attempt.numbers.filter(
        (number) => seen.numbers.includes(number) && !refused.has(`${String(attempt.process)}/${String(number)}`),
      )
      if (again.length > 0) violate('extension', `${shown(again)} received again while the function has it`)
    }
  }
}

type Attempt = Pick<Extract<Observation, { kind: 'invoked' }>, 'process' | 'uuid' | 'numbers'>

function keyOf({ process, attempt }: { readonly process: number; readonly attempt: number }): string {
  return `${String(process)}/${String(attempt)}`
}

/** While a mapping is being changed nobody outside can tell which parameters hold. */
function extendsNow({ world }: Book, { process, uuid }: Pick<Attempt, 'process' | 'uuid'>): boolean {
  const document = world.processes[process - 1]?.registry.get(uuid)
  return document !== undefined && isAtRest(document.state) && document.parameters.extendVisibility === true
}

/** Whoever died, or was cut off, prolongs nothing. */
function isAlive({ world }: Book, process: number): boolean {
  const one = world.processes[process - 1]
  return one !== undefined && !one.dead && !one.zombie && !one.stopped && !one.aborted
}
