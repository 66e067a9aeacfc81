import type { Log } from '../observe/log.ts'
import type { Clock, Store } from '../ports.ts'

/** How the store is. */
export interface StoreHealth {
  /** Why nothing can be written, and since when; null: the last write went well. */
  readonly trouble: string | null
  readonly sinceWriteMs: number
  /** The mappings that are set aside, a sentence each. */
  readonly damaged: readonly string[]
  /** What was found to be gone, a sentence each. */
  readonly lost: readonly string[]
}

export interface WatchedStore extends Store {
  health(): StoreHealth
}

/** Nobody writes into an idle store: it is tried, so that trouble is known before somebody needs it. */
const probeMs = { idle: 30_000, troubled: 5_000 }
/** The log line comes again after this, then after twice as long, and so on. */
const repeatMs = { first: 10_000, longest: 600_000 }

interface Watch {
  lastWriteMs: number
  trouble: Trouble | null
}

interface Trouble {
  message: string
  readonly sinceMs: number
  readonly sinceMonoMs: number
  refused: number
  sayAtMs: number
  pauseMs: number
}

/** Tells of a store that cannot be written, once for all who write into it, and of its recovery. */
export function watchStore(store: Store, clock: Clock, log: Log): WatchedStore {
  const watch: Watch = { lastWriteMs: clock.monoMs(), trouble: null }
  let closed = false
  let callOff = (): void => undefined

  const write = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      const result = await action()
      succeeded(watch, clock, log)
      return result
    } catch (error) {
      if (!closed) {
        failed(watch, { clock, log }, error instanceof Error ? error.message : String(error))
        // Nobody else may try again: a create that was refused is the caller's to repeat.
        look()
      }
      throw error
    }
  }
  const look = (): void => {
    callOff()
    const pauseMs = watch.trouble === null ? probeMs.idle : probeMs.troubled
    callOff = clock.timer(clock.monoMs() + pauseMs, () => {
      const isIdle = clock.monoMs() - watch.lastWriteMs >= pauseMs
      const probed = isIdle ? write(() => store.probe()).catch(() => undefined) : Promise.resolve()
      void probed.then(() => {
        if (!closed) look()
      })
    })
  }
  look()

  return {
    ...store,
    putMapping: (document, survives) => write(() => store.putMapping(document, survives)),
    deleteMapping: (uuid) => write(() => store.deleteMapping(uuid)),
    openFlow: (uuid, flow) => write(() => store.openFlow(uuid, flow)),
    writeCheckpoint: (uuid, flow, fence, checkpoint) =>
      write(() => store.writeCheckpoint(uuid, flow, fence, checkpoint)),
    deleteCheckpoint: (uuid, flow) => write(() => store.deleteCheckpoint(uuid, flow)),
    probe: () => write(() => store.probe()),
    close: () => {
      closed = true
      callOff()
      return store.close()
    },
    health: () => {
      const { damaged, lost } = store.findings()
      return {
        trouble: watch.trouble && sentenceOf(watch.trouble),
        sinceWriteMs: Math.max(0, clock.monoMs() - watch.lastWriteMs),
        damaged: damaged.map(({ message }) => message),
        lost,
      }
    },
  }
}

/** `/readyz` answers everybody: where the store is and what is wrong with it is told to those who may see it. */
export function storeReasons(store: WatchedStore): readonly string[] {
  return store.health().trouble === null ? [] : ['the store cannot be written']
}

function sentenceOf({ message, sinceMs }: Trouble): string {
  return `${message} It has been so since ${new Date(sinceMs).toISOString()}; until it can, streams wait, and new mappings and changes are refused.`
}

function succeeded(watch: Watch, clock: Clock, log: Log): void {
  watch.lastWriteMs = clock.monoMs()
  const { trouble } = watch
  if (trouble === null) return
  watch.trouble = null
  const lastedS = Math.round((clock.monoMs() - trouble.sinceMonoMs) / 1_000)
  log.info({ lastedS, refusedWrites: trouble.refused }, 'The store can be written again.')
}

function failed(watch: Watch, { clock, log }: { readonly clock: Clock; readonly log: Log }, message: string): void {
  const monoMs = clock.monoMs()
  const begun = { message, sinceMs: clock.wallMs(), sinceMonoMs: monoMs, refused: 0, sayAtMs: monoMs, pauseMs: 0 }
  const trouble: Trouble = (watch.trouble ??= begun)
  trouble.refused += 1
  trouble.message = message
  if (monoMs < trouble.sayAtMs) return
  trouble.pauseMs = trouble.pauseMs === 0 ? repeatMs.first : Math.min(repeatMs.longest, trouble.pauseMs * 2)
  trouble.sayAtMs = monoMs + trouble.pauseMs
  const lastedS = Math.round((monoMs - trouble.sinceMonoMs) / 1_000)
  log.error(
    { lastedS, refusedWrites: trouble.refused, nextLineS: trouble.pauseMs / 1_000 },
    `${message} Streams wait until it can; new mappings and changes are refused.`,
  )
}
