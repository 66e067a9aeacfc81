import { sideBySide } from '../async/side-by-side.ts'
import { untilAborted } from '../async/until-aborted.ts'

/** A source that does not answer must not keep those who ask about others. */
export const lookMsMax = 3_000

/** What is looked at side by side: a file of a thousand mappings must not open a thousand connections. */
const looksMax = 16

/** What each look found, in the order of the items. */
export function lookSideBySide<Item, Found>(
  items: readonly Item[],
  look: (item: Item) => Promise<Found>,
): Promise<readonly Found[]> {
  return sideBySide(items, looksMax, look)
}

/** Whatever goes wrong with a look, there is no sight of it, and the rest is told all the same. */
export async function sightOf<T>(look: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return untilAborted(look, signal).catch(() => null)
}
