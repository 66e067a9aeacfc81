/** Holds calls until a test lets them go, and tells how many wait. */
export interface Gate {
  /** How many calls stand before the gate. */
  waiting(): number
  shut(): void
  /** Lets all pass, now and later. */
  open(): void
  pass(signal: AbortSignal): Promise<void>
}

export function createGate(): Gate {
  let isShut = false
  const held = new Set<() => void>()
  return {
    waiting: () => held.size,
    shut() {
      isShut = true
    },
    open() {
      isShut = false
      for (const release of held) release()
      held.clear()
    },
    async pass(signal) {
      signal.throwIfAborted()
      if (!isShut) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const abort = (): void => {
        held.delete(resolve)
        reject(signal.reason)
      }
      signal.addEventListener('abort', abort)
      held.add(resolve)
      try {
        await promise
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
  }
}
