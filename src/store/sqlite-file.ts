import { mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { plural } from '../model/plural.ts'
import type { StoreFindings } from '../ports.ts'
import { watchIdentity } from './file-identity.ts'
import { takeNote, type HolderNote, type Memory } from './holder.ts'
import { StoreError, openFailure, textOf } from './store-error.ts'
import { examine, inspect, readTally } from './sqlite-inspection.ts'
import { migrate } from './sqlite-schema.ts'

export interface SqliteFile {
  readonly path: string
  readonly db: DatabaseSync
  readonly findings: StoreFindings
  /** Throws when the file is no longer the one that was opened. */
  readonly check: () => void
  /** Notes what the store holds, for whoever opens it next. */
  readonly remember: (memory: Memory) => void
  close(): void
}

/**
 * Opens the file for this process alone. SQLite's own exclusive lock is the guard: the kernel drops it when the process
 * ends, however it ends. It also spares the shared memory file, which some mounted volumes cannot hold.
 */
export async function openSqliteFile(location: string): Promise<SqliteFile> {
  const path = pathOf(location)
  const { db, scratch } = await openDatabase(path)
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    examine(db, path)
    const state = migrate(db, path, scratch)
    // NORMAL in WAL loses nothing when the process is killed; what has to survive a power cut is committed with FULL.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    const note = takeNote(path)
    const found = inspect(db, path)
    const findings = { ...found, lost: [...found.lost, ...missingSince(db, { path, note, state })] }
    note.remember(readTally(db))
    return {
      path,
      db,
      findings,
      check: watchIdentity(path),
      remember: (memory) => note.remember(memory),
      close: () => {
        note.remember(readTally(db))
        note.leave()
        db.close()
      },
    }
  } catch (error) {
    db.close()
    throw openFailure(error, path)
  } finally {
    scratch.close()
  }
}

interface Opened {
  readonly path: string
  readonly note: HolderNote
  readonly state: 'made' | 'found'
}

/** An empty store and an older copy look sound by themselves: only the note beside them knows of more. */
function missingSince(db: DatabaseSync, { path, note: { before }, state }: Opened): readonly string[] {
  if (before === null) return []
  const { changes } = readTally(db)
  if (state === 'made' && before.mappings > 0) {
    return [
      `The store ${path} is empty, but held ${plural(before.mappings, 'mapping')} at ${before.at}: its file was removed, emptied ` +
        'or replaced. Their positions are gone with it. Stop Millrace and put a copy back, or create them anew.',
    ]
  }
  if (state === 'found' && before.changes > changes) {
    return [
      `The store ${path} is older than what was left at ${before.at}: ${plural(before.changes - changes, 'change')} of its mappings ` +
        `are missing. An older copy was put in its place, or ${path}-wal is damaged or was left behind. ` +
        'Check its mappings; positions may be older too, and records come again.',
    ]
  }
  return []
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

async function openDatabase(path: string): Promise<{ readonly db: DatabaseSync; readonly scratch: DatabaseSync }> {
  let sqlite: typeof import('node:sqlite')
  try {
    sqlite = await import('node:sqlite')
  } catch (error) {
    throw new StoreError(`The store sqlite:${path} needs Node 22.18 or newer; this is ${process.version}.`, {
      cause: error,
    })
  }
  try {
    return { db: new sqlite.DatabaseSync(path), scratch: new sqlite.DatabaseSync(':memory:') }
  } catch (error) {
    throw openFailure(error, path)
  }
}
