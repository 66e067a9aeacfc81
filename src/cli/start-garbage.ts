/** By then a start has done what it does once. */
const settledMs = 4_000

/**
 * V8 gives memory back only after a collection of the whole heap, and a process that idles after its start never has one: it would keep
 * a young generation of 17 MB, of which it uses two, and what the start left behind. One collection (some 20 ms) settles that.
 */
export function collectStartGarbage(): void {
  setTimeout(() => void collectGarbage(), settledMs).unref()
}

export async function collectGarbage(): Promise<void> {
  // A Node that was built without its inspector keeps the memory.
  const inspector = await import('node:inspector/promises').catch(() => null)
  if (inspector === null) return
  const session = new inspector.Session()
  session.connect()
  await session.post('HeapProfiler.collectGarbage')
  session.disconnect()
}
