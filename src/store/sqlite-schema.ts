import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from './store-error.ts'

/** Marks the file as ours ("mill"), so that the database of another program is refused and not altered. */
const applicationId = 0x6d696c6c

/** One step per schema version; a step that has been released is never changed, only followed by another. */
const migrations: readonly string[] = [
  `CREATE TABLE mapping (uuid TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE flow (
     uuid TEXT NOT NULL, flow TEXT NOT NULL, fence INTEGER NOT NULL, checkpoint TEXT,
     PRIMARY KEY (uuid, flow)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE fence (last INTEGER NOT NULL) STRICT;
   INSERT INTO fence VALUES (0);`,
]

export const schemaVersion = migrations.length

/** Brings the schema up to date, each step whole or not at all. Throws `StoreError` for a file that is not for us. */
export function migrate(db: DatabaseSync, path: string): void {
  const id = pragma(db, 'application_id')
  const version = pragma(db, 'user_version')
  if (id !== applicationId && (id !== 0 || version !== 0 || tableCount(db) > 0)) {
    throw new StoreError(`${path} is a database of another program. Give --store another path.`)
  }
  if (version > schemaVersion) {
    throw new StoreError(
      `${path} was written by a newer Millrace (schema ${version}; this one knows ${schemaVersion}). ` +
        'Start that version, or give --store another path.',
    )
  }
  migrations.slice(version).forEach((step, index) => {
    db.exec(
      `BEGIN IMMEDIATE; ${step} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version + index + 1}; COMMIT`,
    )
  })
}

function pragma(db: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}

function tableCount(db: DatabaseSync): number {
  return Number(db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'] ?? 0)
}
