import type { Clock } from '../ports.ts'

/** How a URL took an attempt: decides whether the next one goes there. */
export type UrlHealth = 'fine' | 'refused' | 'busy'

export interface UrlRequest {
  readonly urls: readonly string[]
  /** Attempts that one URL takes at once. */
  readonly concurrencyPerUrl: number
  /** URLs that this attempt has been to already. */
  readonly tried: ReadonlySet<string>
}

interface Place {
  readonly url: string
  running: number
  restUntilMs: number
  restMs: number
}

interface Waiter {
  readonly request: UrlRequest
  readonly places: readonly Place[]
  readonly resolve: (url: string | null) => void
}

/** A URL that refuses connections is left alone for so long, doubled each time, while others can be used. */
const restMsMin = 250
const restMsMax = 10_000
/** Somebody else's invocation runs there, or the rest of one of ours that was given up. */
const busyRestMs = 100

/**
 * Hands out URLs, no more attempts on each than it takes (RIE#97), to whoever asked first. Functions that share a URL
 * share its place here. A URL that rests is used only when an attempt has no other left to wait for.
 */
export class UrlPool {
  readonly #clock: Clock
  readonly #places = new Map<string, Place>()
  readonly #waiters: Waiter[] = []
  #cancelTimer: (() => void) | null = null
  #lastGiven = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves with a URL, or with null when every one has been tried. Rejects when the signal aborts first. */
  acquire(request: UrlRequest, signal: AbortSignal): Promise<string | null> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<string | null>()
    const onAbort = (): void => {
      const place = this.#waiters.indexOf(waiter)
      if (place >= 0) this.#waiters.splice(place, 1)
      reject(signal.reason)
    }
    const waiter: Waiter = {
      request,
      places: request.urls.map((url) => this.#placeOf(url)),
      resolve: (url) => {
        signal.removeEventListener('abort', onAbort)
        resolve(url)
      },
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#waiters.push(waiter)
    this.#serve()
    return promise
  }

  release(url: string, health: UrlHealth): void {
    const place = this.#placeOf(url)
    place.running -= 1
    switch (health) {
      case 'fine':
        place.restMs = 0
        place.restUntilMs = 0
        break
      case 'refused':
        place.restMs = Math.min(restMsMax, Math.max(restMsMin, place.restMs * 2))
        place.restUntilMs = this.#clock.monoMs() + place.restMs
        break
      case 'busy':
        place.restUntilMs = this.#clock.monoMs() + busyRestMs
        break
      default:
        health satisfies never
    }
    this.#serve()
  }

  #placeOf(url: string): Place {
    let place = this.#places.get(url)
    if (place === undefined) {
      place = { url, running: 0, restUntilMs: 0, restMs: 0 }
      this.#places.set(url, place)
    }
    return place
  }

  /** Goes through the queue in order; one that only waits for a busy URL does not hold up those behind it. */
  #serve(): void {
    for (let index = 0; index < this.#waiters.length;) {
      const waiter = this.#waiters[index]
      const choice = waiter === undefined ? 'wait' : this.#choose(waiter)
      if (waiter === undefined || choice === 'wait') {
        index += 1
        continue
      }
      this.#waiters.splice(index, 1)
      if (choice !== null) choice.running += 1
      waiter.resolve(choice?.url ?? null)
    }
    this.#wakeAfterRest()
  }

  /** The least loaded URL that does not rest, in turn; a resting one when all that are left rest. */
  #choose({ request, places }: Waiter): Place | null | 'wait' {
    const nowMs = this.#clock.monoMs()
    const open = places.filter((place) => !request.tried.has(place.url))
    if (open.length === 0) return null
    const awake = open.filter((place) => place.restUntilMs <= nowMs)
    const free = (awake.length > 0 ? awake : open).filter((place) => place.running < request.concurrencyPerUrl)
    if (free.length === 0) return 'wait'
    this.#lastGiven += 1
    const turn = this.#lastGiven
    return free.reduce((best, place, index) => {
      if (awake.length === 0) return place.restUntilMs < best.restUntilMs ? place : best
      if (place.running !== best.running) return place.running < best.running ? place : best
      return index === turn % free.length ? place : best
    })
  }

  /** A URL whose rest ends while others wait for busy ones is to be used at once. */
  #wakeAfterRest(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (this.#waiters.length === 0) return
    const nowMs = this.#clock.monoMs()
    const ends = this.#waiters.flatMap((waiter) => waiter.places.map((place) => place.restUntilMs))
    const nextMs = Math.min(...ends.filter((endMs) => endMs > nowMs))
    if (Number.isFinite(nextMs)) this.#cancelTimer = this.#clock.timer(nextMs, () => this.#serve())
  }
}
