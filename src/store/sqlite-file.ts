import { mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { describeHolder, forgetHolder, writeHolder } from './holder.ts'
import { migrate } from './sqlite-schema.ts'
import { StoreError } from './store-error.ts'

/** The result codes of SQLite that are told apart (https://www.sqlite.org/rescode.html). */
const busy = 5
const cannotOpen = 14
const readOnly = 8
const notADatabase = 26

export interface SqliteFile {
  readonly path: string
  readonly db: DatabaseSync
  close(): void
}

/**
 * Opens the file for this process alone. SQLite's own exclusive lock is the guard: the kernel drops it when the process
 * ends, however it ends. It also spares the shared memory file, which some mounted volumes cannot hold.
 */
export async function openSqliteFile(location: string): Promise<SqliteFile> {
  const path = pathOf(location)
  const db = await openDatabase(path)
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    migrate(db, path)
    // NORMAL in WAL loses nothing when the process is killed; a power cut may undo the last commits (DESIGN §8).
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    writeHolder(path)
  } catch (error) {
    db.close()
    throw explain(error, path)
  }
  return {
    path,
    db,
    close: () => {
      forgetHolder(path)
      db.close()
    },
  }
}

/** The one true path, so that two names of a file are still one store with one holder. */
function pathOf(location: string): string {
  const path = resolve(location)
  const directory = dirname(path)
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw new StoreError(`The directory ${directory} of the store cannot be created: ${textOf(error)}.`, {
      cause: error,
    })
  }
  try {
    return realpathSync(path)
  } catch {
    return join(realpathSync(directory), basename(path))
  }
}

async function openDatabase(path: string): Promise<DatabaseSync> {
  let sqlite: typeof import('node:sqlite')
  try {
    sqlite = await import('node:sqlite')
  } catch (error) {
    throw new StoreError(`The store sqlite:${path} needs Node 22.18 or newer; this is ${process.version}.`, {
      cause: error,
    })
  }
  try {
    return new sqlite.DatabaseSync(path)
  } catch (error) {
    throw explain(error, path)
  }
}

function explain(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  const options = { cause: error }
  switch (code) {
    case busy:
      return new StoreError(
        `The store ${path} is in use by ${describeHolder(path)}. Stop it, or give --store another path.`,
        options,
      )
    case cannotOpen:
      return new StoreError(
        `The store ${path} cannot be opened: check that ${userName()} may write that file and its directory.`,
        options,
      )
    case readOnly:
      return new StoreError(
        `The store ${path} cannot be written: check its permissions and those of its directory.`,
        options,
      )
    case notADatabase:
      return new StoreError(`${path} is not a SQLite database. Give --store another path.`, options)
    default:
      return new StoreError(`The store ${path} cannot be used: ${textOf(error)}.`, options)
  }
}

/** Containers and volumes know users by number. */
function userName(): string {
  const uid = process.getuid?.()
  return uid === undefined ? 'this user' : `user ${uid}`
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
