/** What `work` makes of each item, in their order; they are begun in that order, and no more than so many are under way. */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  atOnceMax: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  // Handed from one to the next: each that is free takes the next item.
  const entries = items.entries()
  const workOn = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, workOn))
  return results
}
