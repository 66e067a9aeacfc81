import type { Checkpoint } from '../model/checkpoint.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { Store } from '../ports.ts'
import { createGroupCommit } from './group-commit.ts'
import { byCreation } from './mapping-order.ts'
import { openSqliteFile } from './sqlite-file.ts'

/** Mappings and checkpoints in one SQLite file of this process. Throws `StoreError` when it cannot be had. */
export async function openSqliteStore(path: string): Promise<Store> {
  const file = await openSqliteFile(path)
  const { db } = file
  const commits = createGroupCommit(db, file.path)
  let closed = false
  const listMappings = db.prepare('SELECT document FROM mapping')
  const putMapping = db.prepare('INSERT OR REPLACE INTO mapping VALUES (?, ?)')
  const deleteMapping = db.prepare('DELETE FROM mapping WHERE uuid = ?')
  const deleteFlows = db.prepare('DELETE FROM flow WHERE uuid = ?')
  // One counter for all flows: a flow that is forgotten and opened anew must not hand out a fence a second time.
  const raiseFence = db.prepare('UPDATE fence SET last = last + 1 RETURNING last')
  const takeFlow = db.prepare(
    `INSERT INTO flow VALUES (?, ?, ?, NULL)
     ON CONFLICT DO UPDATE SET fence = excluded.fence RETURNING checkpoint`,
  )
  const writeCheckpoint = db.prepare('UPDATE flow SET checkpoint = ? WHERE uuid = ? AND flow = ? AND fence = ?')
  const listCheckpoints = db.prepare(
    'SELECT flow, checkpoint FROM flow WHERE uuid = ? AND checkpoint IS NOT NULL ORDER BY flow',
  )
  const deleteFlow = db.prepare('DELETE FROM flow WHERE uuid = ? AND flow = ?')

  // JSON is made and read outside the transaction: a row that cannot be read must not undo the writes of others.
  return {
    mappings: async () => {
      const rows = await commits.run(() => listMappings.all())
      return rows.map((row) => parse<MappingDocument>(row['document'])).sort(byCreation)
    },
    putMapping: async (document) => {
      const json = JSON.stringify(document)
      await commits.run(() => putMapping.run(document.uuid, json))
    },
    deleteMapping: (uuid) =>
      commits.run(() => {
        deleteMapping.run(uuid)
        deleteFlows.run(uuid)
      }),
    openFlow: async (uuid, flow) => {
      const { fence, json } = await commits.run(() => {
        const last = Number(raiseFence.get()?.['last'])
        return { fence: last, json: takeFlow.get(uuid, flow, last)?.['checkpoint'] ?? null }
      })
      return { fence, checkpoint: json === null ? null : parse<Checkpoint>(json) }
    },
    writeCheckpoint: async (uuid, flow, fence, checkpoint) => {
      const json = JSON.stringify(checkpoint)
      const { changes } = await commits.run(() => writeCheckpoint.run(json, uuid, flow, fence))
      return changes === 1 ? 'written' : 'fenced'
    },
    checkpoints: async (uuid) => {
      const rows = await commits.run(() => listCheckpoints.all(uuid))
      return rows.map((row) => ({ flow: String(row['flow']), checkpoint: parse<Checkpoint>(row['checkpoint']) }))
    },
    deleteCheckpoint: (uuid, flow) => commits.run(() => void deleteFlow.run(uuid, flow)),
    close: async () => {
      if (closed) return
      closed = true
      commits.end()
      file.close()
      await Promise.resolve()
    },
  }
}

function parse<T>(text: unknown): T {
  return JSON.parse(String(text)) as T
}
