/** Runs what shares a key one after the other: between a check and the change it allows nobody else gets in. */
export type KeyedLock = <T>(key: string, work: () => Promise<T>) => Promise<T>

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>()
  return async (key, work) => {
    const before = tails.get(key)
    const { promise, resolve } = Promise.withResolvers<void>()
    tails.set(key, promise)
    try {
      await before
      return await work()
    } finally {
      resolve()
      if (tails.get(key) === promise) tails.delete(key)
    }
  }
}
