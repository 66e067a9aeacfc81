import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { isJson } from '../events/json-value.ts'
import { sourceKindOf } from '../model/arn.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { DamagedMapping, StoreFindings } from '../ports.ts'
import type { Memory } from './holder.ts'
import { damagedStore } from './store-error.ts'

/** Refuses a file whose structure is broken: writing into it would break more. Throws `StoreError`. */
export function examine(db: DatabaseSync, path: string): void {
  const [first] = db.prepare('PRAGMA integrity_check(1)').all()
  const text = String(first?.['integrity_check'] ?? 'nothing could be checked')
  if (text !== 'ok') throw damagedStore(path, text.replaceAll(/\s+/g, ' '))
}

/**
 * Compares every row with its sum, and the rows that are there with those that should be. A mapping of which anything is
 * damaged or missing is set aside whole: with a wrong position it would pass over records without a word.
 */
export function inspect(db: DatabaseSync, path: string): StoreFindings {
  mendKeys(db)
  const rows = mappingRows(db)
  const flows = db.prepare('SELECT uuid, flow, checkpoint, sum FROM flow').all().map(flowRow)
  const known = new Set(rows.map(({ uuid }) => uuid))
  const strays = [...new Set(flows.map(({ uuid }) => uuid))].filter((uuid) => !known.has(uuid))
  const lost = missingRows(db, { path, rows: rows.length, strays })
  const flowsOf = Map.groupBy(flows, ({ uuid }) => uuid)
  const damaged = rows.flatMap((row) => damageOf(row, flowsOf.get(row.uuid) ?? [], { path, strays }) ?? [])
  mendCounters(db, rows.length)
  seal(db, rows, flows)
  return { damaged, lost }
}

export function readTally(db: DatabaseSync): Memory {
  const row = db.prepare('SELECT mappings, changes FROM tally').get()
  return { mappings: Number(row?.['mappings'] ?? 0), changes: Number(row?.['changes'] ?? 0) }
}

interface MappingRow {
  readonly uuid: string
  readonly document: string
  readonly source: string | null
  readonly function: string | null
  readonly flows: number
  readonly sum: number | null
}

interface FlowRow {
  readonly uuid: string
  readonly flow: string
  readonly checkpoint: string | null
  readonly sum: number | null
}

type Row = Readonly<Record<string, unknown>>

function mappingRows(db: DatabaseSync): readonly MappingRow[] {
  return db.prepare('SELECT uuid, document, source, function, flows, sum FROM mapping').all().map(mappingRow)
}

/** A document names its mapping as well: where the sum agrees with that name, only the key of the row is damaged. */
function mendKeys(db: DatabaseSync): void {
  const rename = db.prepare('UPDATE mapping SET uuid = ? WHERE uuid = ?')
  for (const row of mappingRows(db)) {
    const uuid = namedIn(row.document)
    if (uuid === null || uuid === row.uuid || mappingSum({ ...row, uuid }) !== row.sum) continue
    rename.run(uuid, row.uuid)
  }
}

function namedIn(document: string): string | null {
  return isJson(document) ? textOrNull((JSON.parse(document) as { readonly uuid?: unknown } | null)?.uuid) : null
}

function mappingRow(row: Row): MappingRow {
  const [source, lambda] = [textOrNull(row['source']), textOrNull(row['function'])]
  const text = { uuid: String(row['uuid']), document: String(row['document']) }
  return { ...text, source, function: lambda, flows: Number(row['flows']), sum: numberOrNull(row['sum']) }
}

function flowRow(row: Row): FlowRow {
  const key = { uuid: String(row['uuid']), flow: String(row['flow']) }
  return { ...key, checkpoint: textOrNull(row['checkpoint']), sum: numberOrNull(row['sum']) }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

export function mappingSum(row: Omit<MappingRow, 'flows' | 'sum'>): number {
  return sumOf(row.uuid, row.document, row.source, row.function)
}

export function flowSum(row: Omit<FlowRow, 'sum'>): number {
  return sumOf(row.uuid, row.flow, row.checkpoint)
}

function damageOf(
  row: MappingRow,
  flows: readonly FlowRow[],
  { path, strays }: { readonly path: string; readonly strays: readonly string[] },
): DamagedMapping | null {
  const isSound = row.sum === null ? isJson(row.document) : row.sum === mappingSum(row)
  const problems = [...(isSound ? [] : ['its row in table mapping is damaged']), ...flowProblems(row, flows)]
  if (problems.length === 0) return null
  const { uuid } = row
  const known = isSound ? wholeOf(row) : { document: null, sourceName: row.source, functionArn: row.function }
  // Where the key itself may be damaged, what has lost its mapping is the other half of it.
  const others = isSound || strays.length === 0 ? '' : ` Positions without a mapping are left of ${strays.join(', ')}.`
  const named = `${uuid} (${known.sourceName ?? 'unknown'} to ${known.functionArn ?? 'unknown'}) of the store ${path}`
  const what = `${problems.join('; ')}.${others}`
  return {
    uuid,
    ...known,
    message: `The mapping ${named} is set aside and does not run: ${what} ${remedy(path, uuid, known)}`,
  }
}

type Known = Pick<DamagedMapping, 'document' | 'sourceName' | 'functionArn'>

function wholeOf(row: MappingRow): Known {
  const document = JSON.parse(row.document) as MappingDocument
  return { document, sourceName: document.sourceName, functionArn: document.functionArn }
}

function flowProblems(row: MappingRow, flows: readonly FlowRow[]): readonly string[] {
  const torn = flows.filter((flow) => !isSoundFlow(flow))
  const missing = row.flows - flows.length
  return [
    ...torn.map(({ flow }) => `its row of flow ${JSON.stringify(flow)} in table flow is damaged`),
    ...(missing > 0 ? [`${missing} of its ${row.flows} rows in table flow are missing`] : []),
  ]
}

function remedy(path: string, uuid: string, known: Known): string {
  const where = `WHERE uuid = '${uuid.replaceAll("'", "''")}'`
  const isNamed = known.functionArn !== null && sourceKindOf(known.sourceName ?? '') !== undefined
  const removal = isNamed ? `millrace mappings delete ${uuid}` : `sqlite3 ${path} "DELETE FROM mapping ${where}"`
  const table = known.document === null ? 'mapping' : 'flow'
  return (
    `Put a copy of the store back; or remove it with \`${removal}\` and create it anew; or stop Millrace, mend the row and set its sum ` +
    `to NULL: \`sqlite3 ${path} "SELECT * FROM ${table} ${where}"\` shows it.`
  )
}

function isSoundFlow(row: FlowRow): boolean {
  if (row.sum !== null) return row.sum === flowSum(row)
  return row.checkpoint === null || isJson(row.checkpoint)
}

interface Count {
  readonly path: string
  readonly rows: number
  readonly strays: readonly string[]
}

function missingRows(db: DatabaseSync, { path, rows, strays }: Count): readonly string[] {
  const { mappings } = readTally(db)
  if (rows >= mappings) return []
  const names = strays.length > 0 ? ` Positions are left of ${strays.join(', ')}.` : ''
  return [
    `The store ${path} has lost mappings: ${mappings - rows} of the ${mappings} rows of table mapping are missing.${names} ` +
      'Stop Millrace and put a copy of it back, or create them anew.',
  ]
}

/** What the next start would stumble over again, once it has been told. A fence must never be handed out a second time. */
function mendCounters(db: DatabaseSync, mappings: number): void {
  if (readTally(db).mappings !== mappings) db.prepare('UPDATE tally SET mappings = ?').run(mappings)
  if (db.prepare('SELECT * FROM tally').get() === undefined) db.prepare('INSERT INTO tally VALUES (?, 0)').run(mappings)
  if (db.prepare('SELECT * FROM fence').get() === undefined) db.exec('INSERT INTO fence VALUES (0)')
  db.exec('UPDATE fence SET last = (SELECT max(fence) FROM flow) WHERE last < (SELECT max(fence) FROM flow)')
}

/** Rows of an older schema, and those that somebody has mended, are summed from here on. */
function seal(db: DatabaseSync, rows: readonly MappingRow[], flows: readonly FlowRow[]): void {
  const sealMapping = db.prepare('UPDATE mapping SET sum = ? WHERE uuid = ?')
  const sealFlow = db.prepare('UPDATE flow SET sum = ? WHERE uuid = ? AND flow = ?')
  db.exec('BEGIN')
  for (const row of rows) if (row.sum === null && isJson(row.document)) sealMapping.run(mappingSum(row), row.uuid)
  for (const row of flows) if (row.sum === null && isSoundFlow(row)) sealFlow.run(flowSum(row), row.uuid, row.flow)
  db.exec('COMMIT')
}

/** A sum over one row, key included: SQLite itself does not notice when a disk changes what a row holds. */
function sumOf(...columns: readonly (string | null)[]): number {
  return crc32(JSON.stringify(columns))
}
