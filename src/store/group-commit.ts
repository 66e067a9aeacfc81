import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from './store-error.ts'

/** One transaction's worth: bounds how long a commit holds up the event loop (about 10 µs each). */
const groupMax = 1_000

export interface GroupCommit {
  /** Runs `action` in the transaction of this turn; resolves once that is committed. */
  run<T>(action: () => T): Promise<T>
  /** Commits what waits and takes nothing more. */
  end(): void
}

interface Pending {
  run(): void
  committed(): void
  failed(error: StoreError): void
}

/**
 * Gathers the writes that many flows make in one turn of the event loop into one transaction. Order is the order of the
 * calls, reads included, so that everybody reads what was written before.
 */
export function createGroupCommit(db: DatabaseSync, path: string): GroupCommit {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  let waiting: Pending[] = []
  let scheduled = false
  let ended = false

  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      flush()
    })
  }

  const flush = (): void => {
    const group = waiting.slice(0, groupMax)
    waiting = waiting.slice(groupMax)
    if (group.length === 0) return
    if (waiting.length > 0) schedule()
    try {
      begin.run()
      for (const pending of group) pending.run()
      commit.run()
    } catch (error) {
      rollback(db)
      const message = error instanceof Error ? error.message : String(error)
      const failure = new StoreError(`The store ${path} could not be written: ${message}.`, { cause: error })
      for (const pending of group) pending.failed(failure)
      return
    }
    for (const pending of group) pending.committed()
  }

  return {
    run: <T>(action: () => T): Promise<T> => {
      if (ended) return Promise.reject(new StoreError(`The store ${path} is closed.`))
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      let result: { readonly value: T } | undefined
      waiting.push({
        run: () => {
          result = { value: action() }
        },
        committed: () => {
          if (result) resolve(result.value)
        },
        failed: reject,
      })
      schedule()
      return promise
    },
    end: () => {
      ended = true
      while (waiting.length > 0) flush()
    },
  }
}

function rollback(db: DatabaseSync): void {
  // SQLite has already rolled back by itself after some errors, a full disk among them.
  if (db.isTransaction) db.exec('ROLLBACK')
}
