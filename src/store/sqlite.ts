import type { Checkpoint } from '../model/checkpoint.ts'
import { byCreation, type MappingDocument } from '../model/mapping.ts'
import type { Store } from '../ports.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts'
import { flowSum, mappingSum, readTally } from './sqlite-inspection.ts'
import { prepare } from './sqlite-statements.ts'
import { StoreError } from './store-error.ts'

/** Mappings and checkpoints in one SQLite file of this process. Throws `StoreError` when it cannot be had. */
export async function openSqliteStore(location: string): Promise<Store> {
  const file = await openSqliteFile(location)
  const commits = createGroupCommit(file)
  const sql = prepare(file.db)
  let closed = false
  return {
    ...mappingsOf(file, commits, sql),
    ...checkpointsOf(file, commits, sql),
    probe: () => commits.run(() => void sql.probe.run()),
    close: async () => {
      if (closed) return
      closed = true
      commits.end()
      await Promise.resolve(file.close())
    },
  }
}

type Statements = ReturnType<typeof prepare>

// JSON is made and read outside the transaction: a row that cannot be read must not undo the writes of others.

function mappingsOf(
  { db, findings, remember }: SqliteFile,
  commits: GroupCommit,
  sql: Statements,
): Pick<Store, 'mappings' | 'findings' | 'putMapping' | 'deleteMapping'> {
  let { damaged } = findings
  return {
    mappings: async () => {
      const rows = await commits.run(() => sql.listMappings.all())
      const aside = new Set(damaged.map(({ uuid }) => uuid))
      const sound = rows.filter((row) => !aside.has(String(row['uuid'])))
      return sound.map((row) => JSON.parse(String(row['document'])) as MappingDocument).sort(byCreation)
    },
    findings: () => ({ ...findings, damaged }),
    putMapping: async (mapping, survives = 'power') => {
      const { uuid, sourceName: source, functionArn } = mapping
      const document = JSON.stringify(mapping)
      const sum = mappingSum({ uuid, document, source, function: functionArn })
      const tally = await commits.run(() => {
        sql.putMapping.run(uuid, document, source, functionArn, sum)
        return readTally(db)
      }, survives)
      if (survives === 'power') remember(tally)
    },
    deleteMapping: async (uuid) => {
      const tally = await commits.run(() => {
        sql.deleteFlows.run(uuid)
        sql.deleteMapping.run(uuid)
        return readTally(db)
      }, 'power')
      damaged = damaged.filter((each) => each.uuid !== uuid)
      remember(tally)
    },
  }
}

function checkpointsOf(
  { path }: SqliteFile,
  commits: GroupCommit,
  sql: Statements,
): Pick<Store, 'openFlow' | 'writeCheckpoint' | 'checkpoints' | 'deleteCheckpoint'> {
  /** What is read is believed only with its sum: a wrong position passes over records. */
  const believed = (uuid: string, flow: string, row: Readonly<Record<string, unknown>>): Checkpoint => {
    const checkpoint = String(row['checkpoint'])
    if (flowSum({ uuid, flow, checkpoint }) === row['sum']) return JSON.parse(checkpoint) as Checkpoint
    throw new StoreError(`The store ${path} is damaged: in table flow, the row of mapping ${uuid} and flow ${flow}.`)
  }
  return {
    openFlow: async (uuid, flow) => {
      const sum = flowSum({ uuid, flow, checkpoint: null })
      const { fence, row } = await commits.run(() => {
        const last = Number(sql.raiseFence.get()?.['last'])
        return { fence: last, row: sql.takeFlow.get(uuid, flow, last, sum) ?? {} }
      })
      return { fence, checkpoint: row['checkpoint'] === null ? null : believed(uuid, flow, row) }
    },
    writeCheckpoint: async (uuid, flow, fence, checkpoint) => {
      const json = JSON.stringify(checkpoint)
      const sum = flowSum({ uuid, flow, checkpoint: json })
      const { changes } = await commits.run(() => sql.writeCheckpoint.run(json, sum, uuid, flow, fence))
      return changes === 1 ? 'written' : 'fenced'
    },
    checkpoints: async (uuid) => {
      const rows = await commits.run(() => sql.listCheckpoints.all(uuid))
      return rows.map((row) => {
        const flow = String(row['flow'])
        return { flow, checkpoint: believed(uuid, flow, row) }
      })
    },
    deleteCheckpoint: (uuid, flow) => commits.run(() => void sql.deleteFlow.run(uuid, flow)),
  }
}
