import { Violation } from '../observation.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

export interface WireOptions {
  readonly signal?: AbortSignal | undefined
  /** How long a way takes at most. */
  readonly wayMs?: number
  /** The service ends what a caller gave up; most only learn of it when they answer. */
  readonly noticesAborts?: boolean
}

const wayMsMax = 15

/**
 * One call: there, done at the service, and back. A process that dies on the way may have sent it or not; a dead one hears
 * nothing. A call that is given up rejects at once, and may have been done all the same.
 */
export function call<T>(
  world: World,
  process: Process,
  arrive: (signal: AbortSignal) => Promise<T> | T,
  options: WireOptions = {},
): Promise<T> {
  const { prng, clock } = world
  const { signal, wayMs = wayMsMax, noticesAborts = prng.chance(0.5) } = options
  countDown(world, process)
  const sentAnyway = prng.chance(0.5)
  return new Promise<T>((resolve, reject) => {
    let over = false
    const atTheService = new AbortController()
    const end = (act: () => void): void => {
      if (over || process.dead) return
      over = true
      signal?.removeEventListener('abort', giveUp)
      act()
    }
    const giveUp = (): void => {
      if (noticesAborts) atTheService.abort(new Error('the client is gone'))
      end(() => reject(reasonOf(signal)))
    }
    if (signal?.aborted === true) return giveUp()
    signal?.addEventListener('abort', giveUp)
    const back = (act: () => void): void => clock.after(prng.int(1, wayMs), () => end(act))
    clock.after(prng.int(1, wayMs), () => {
      if ((process.dead || over) && !sentAnyway) return
      Promise.resolve()
        .then(() => arrive(atTheService.signal))
        .then(
          (value) => back(() => resolve(value)),
          (error: unknown) => back(() => reject(error as Error)),
        )
    })
  })
}

/** A crash between any two commands: the process dies as it sends one. */
function countDown(world: World, process: Process): void {
  if (process.dead) world.fail(new Violation('the world: a dead process sends something'))
  if (process.callsLeft === null) return
  process.callsLeft -= 1
  if (process.callsLeft > 0) return
  process.callsLeft = null
  world.clock.after(0, () => world.crash(process))
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('given up')
}

/** Waits at the service. Rejects when the service notices that nobody waits for it any more. */
export function lasting(world: World, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    world.clock.after(ms, resolve)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
