import type { DatabaseSync } from 'node:sqlite'
import type { Survival } from '../ports.ts'
import { StoreError, writeFailure } from './store-error.ts'

/** One transaction's worth: bounds how long a commit holds up the event loop (about 10 µs each). */
const groupMax = 1_000

export interface GroupCommit {
  /** Runs `action` in the transaction of this turn; resolves once that is committed. */
  run<T>(action: () => T, survives?: Survival): Promise<T>
  /** Commits what waits and takes nothing more. */
  end(): void
}

export interface CommitTarget {
  readonly db: DatabaseSync
  readonly path: string
  /** Throws when the file is not to be written any more. */
  readonly check: () => void
}

interface Pending {
  readonly survives: Survival
  run(): void
  committed(): void
  failed(error: StoreError): void
}

/**
 * Gathers the writes that many flows make in one turn of the event loop into one transaction. Order is the order of the
 * calls, reads included, so that everybody reads what was written before.
 *
 * A group with a write that has to survive a loss of power waits for the disk (FULL), and takes all writes before it along; one of
 * checkpoints alone does not (NORMAL): what a power cut undoes of them is only delivered again. One connection that switches, not
 * two: a second one would need the shared memory file, and give up the exclusive lock and the one order of all writes.
 */
export function createGroupCommit({ db, path, check }: CommitTarget): GroupCommit {
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
    const waitsForDisk = group.some(({ survives }) => survives === 'power')
    try {
      check()
      if (waitsForDisk) db.exec('PRAGMA synchronous = FULL')
      begin.run()
      for (const pending of group) pending.run()
      commit.run()
    } catch (error) {
      rollback(db)
      const failure = writeFailure(error, path)
      for (const pending of group) pending.failed(failure)
      return
    } finally {
      if (waitsForDisk) db.exec('PRAGMA synchronous = NORMAL')
    }
    for (const pending of group) pending.committed()
  }

  return {
    run: <T>(action: () => T, survives: Survival = 'process'): Promise<T> => {
      if (ended) return Promise.reject(new StoreError(`The store ${path} is closed.`))
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      let result: { readonly value: T } | undefined
      waiting.push({
        survives,
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
