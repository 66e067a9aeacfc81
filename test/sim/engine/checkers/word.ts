import type { MappingDocument } from '../../../../src/model/mapping.ts'
import type { Book } from '../book.ts'
import type { Checker, Wish } from '../observation.ts'
import { violate } from '../observation.ts'

/** What the user was told holds, whatever died since: states, parameters, and what is gone stays gone. */
export function word(book: Book): Checker {
  /** What may be true of each mapping: a call that nobody answered may have been done or not. */
  const possible = new Map<string, readonly Wish[]>()
  const open = new Map<number, { readonly uuid: string | null; readonly wants: Wish }>()
  return {
    name: 'word',
    see(seen) {
      if (seen.kind === 'called') open.set(seen.call, seen)
      if (seen.kind === 'refused') open.delete(seen.call)
      if (seen.kind === 'accepted' && seen.uuid !== null) {
        // From a process that is over it comes late: another one may have been told otherwise since.
        const earlier = open.delete(seen.call) ? [] : (possible.get(seen.uuid) ?? [])
        possible.set(seen.uuid, [...earlier, seen.wants])
      }
      if (seen.kind === 'process' && (seen.is === 'crashed' || seen.is === 'cut off' || seen.is === 'stopped'))
        leaveOpen()
      if (seen.kind === 'converged') atTheEnd()
    },
  }

  function leaveOpen(): void {
    for (const { uuid, wants } of open.values()) {
      if (uuid !== null) possible.set(uuid, [...(possible.get(uuid) ?? []), wants])
    }
    open.clear()
  }

  function atTheEnd(): void {
    const there = new Map((book.world.current?.registry.list() ?? []).map((document) => [document.uuid, document]))
    for (const [uuid, wishes] of possible) {
      const document = there.get(uuid)
      if (!wishes.some((wish) => isTrue(wish, document))) {
        violate('word', `${uuid} is ${document?.state ?? 'gone'}, and the user was told ${JSON.stringify(wishes)}`)
      }
    }
  }
}

function isTrue(wish: Wish, document: MappingDocument | undefined): boolean {
  if (wish.state === 'gone') return document === undefined
  return (
    document !== undefined && document.state === wish.state && JSON.stringify(document.parameters) === wish.parameters
  )
}
