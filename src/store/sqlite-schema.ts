import type { DatabaseSync } from 'node:sqlite'
import { StoreError, damagedStore } from './store-error.ts'

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
  // What a damaged disk changes has to be noticed: each row has a sum over itself (NULL: not summed yet, taken as it is),
  // each mapping knows how many positions it has, and the tally how many mappings there are and how often they changed.
  // Source and function stand beside the document, so that one that cannot be read still has a name.
  `ALTER TABLE mapping ADD COLUMN source TEXT;
   ALTER TABLE mapping ADD COLUMN function TEXT;
   ALTER TABLE mapping ADD COLUMN flows INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE mapping ADD COLUMN sum INTEGER;
   ALTER TABLE flow ADD COLUMN sum INTEGER;
   UPDATE mapping SET flows = (SELECT count(*) FROM flow WHERE flow.uuid = mapping.uuid);
   CREATE TABLE tally (mappings INTEGER NOT NULL, changes INTEGER NOT NULL) STRICT;
   INSERT INTO tally SELECT count(*), 0 FROM mapping;
   CREATE TRIGGER flow_made AFTER INSERT ON flow
     BEGIN UPDATE mapping SET flows = flows + 1 WHERE uuid = NEW.uuid; END;
   CREATE TRIGGER flow_gone AFTER DELETE ON flow
     BEGIN UPDATE mapping SET flows = flows - 1 WHERE uuid = OLD.uuid; END;
   CREATE TRIGGER mapping_made AFTER INSERT ON mapping
     BEGIN UPDATE tally SET mappings = mappings + 1, changes = changes + 1; END;
   CREATE TRIGGER mapping_changed AFTER UPDATE OF document ON mapping
     BEGIN UPDATE tally SET changes = changes + 1; END;
   CREATE TRIGGER mapping_gone AFTER DELETE ON mapping
     BEGIN UPDATE tally SET mappings = mappings - 1, changes = changes + 1; END;`,
]

export const schemaVersion = migrations.length

/**
 * Brings the schema up to date, each step whole or not at all; answers whether the file held nothing before. Throws `StoreError`
 * for a file that is not for us, or no longer what we made. `scratch`: an empty database to compare with.
 */
export function migrate(db: DatabaseSync, path: string, scratch: DatabaseSync): 'made' | 'found' {
  const id = pragma(db, 'application_id')
  const version = pragma(db, 'user_version')
  const schema = schemaOf(db)
  if (id === 0 && version === 0 && schema === '') {
    for (let step = 0; step < schemaVersion; step++) take(db, step)
    return 'made'
  }
  refuseForeign({ id, version, schema }, path, scratch)
  for (let step = version; step < schemaVersion; step++) take(db, step)
  return 'found'
}

interface Head {
  readonly id: number
  readonly version: number
  readonly schema: string
}

function refuseForeign({ id, version, schema }: Head, path: string, scratch: DatabaseSync): void {
  const looksLikeOurs = /^table mapping /m.test(schema) && /^table flow /m.test(schema)
  if (id !== applicationId && !looksLikeOurs) {
    throw new StoreError(`${path} is a database of another program. Give --store another path.`)
  }
  const isNewer = id === applicationId && version > schemaVersion
  // A newer version has a schema that this one cannot know; with the schema of this one it is the number that is damaged.
  if (isNewer && schema !== schemaAt(schemaVersion, scratch)) {
    throw new StoreError(
      `${path} was written by a newer Millrace (schema ${version}; this one knows ${schemaVersion}). ` +
        'Start that version, or give --store another path.',
    )
  }
  const isKnown = id === applicationId && version >= 1 && version <= schemaVersion
  if (isKnown && schema === schemaAt(version, scratch)) return
  throw damagedStore(path, 'its head or its schema is not what Millrace wrote')
}

function take(db: DatabaseSync, step: number): void {
  const marks = `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${step + 1}`
  db.exec(`BEGIN IMMEDIATE; ${migrations[step] ?? ''} ${marks}; COMMIT`)
}

function schemaAt(version: number, scratch: DatabaseSync): string {
  for (let step = pragma(scratch, 'user_version'); step < version; step++) take(scratch, step)
  return schemaOf(scratch)
}

function schemaOf(db: DatabaseSync): string {
  const rows = db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all()
  return rows.map((row) => `${String(row['type'])} ${String(row['name'])} ${String(row['sql'])}`).join('\n')
}

function pragma(db: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}
