import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Checkpoint } from '../../../src/model/checkpoint.ts'
import type { MappingDocument } from '../../../src/model/mapping.ts'
import type { Store, StoreFindings } from '../../../src/ports.ts'
import { StoreError } from '../../../src/store/store-error.ts'
import { openStore } from '../../../src/store/store-opener.ts'
import { checkpointAt, mappingDocument } from '../../contract/store-contract.ts'
import { createPrng, type Prng } from '../../sim/prng.ts'

let directory = ''
let path = ''

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-damage-'))
  path = join(directory, 'millrace.db')
  await fill()
})
afterEach(() => rmSync(directory, { recursive: true }))

const uuids = Array.from(
  { length: 12 },
  (_, index) => `6d6c${String(index).padStart(4, '0')}-0000-4000-8000-000000000000`,
)
const shards = ['shardId-000000000000', 'shardId-000000000001', 'shardId-000000000002']

function documentOf(uuid: string): MappingDocument {
  return mappingDocument(uuid, {
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:f${uuids.indexOf(uuid)}`,
  })
}

function checkpointOf(uuid: string, shard: string): Checkpoint {
  return checkpointAt(
    `${uuids.indexOf(uuid)}${shard.slice(-3)}49545115243490985018280067714973144582180062593244200961`,
  )
}

async function fill(): Promise<void> {
  const store = await openStore(`sqlite:${path}`)
  for (const uuid of uuids) {
    await store.putMapping(documentOf(uuid))
    for (const shard of shards) {
      const { fence } = await store.openFlow(uuid, shard)
      await store.writeCheckpoint(uuid, shard, fence, checkpointOf(uuid, shard))
    }
  }
  await store.close()
}

/** What a start finds: it is refused with a text, or goes on with what it believes and says what it does not. */
async function start(): Promise<
  { readonly refusal: string } | { readonly store: Store; readonly findings: StoreFindings }
> {
  try {
    const store = await openStore(`sqlite:${path}`)
    return { store, findings: store.findings() }
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError)
    return { refusal: String(error) }
  }
}

async function opened(): Promise<{ readonly store: Store; readonly findings: StoreFindings }> {
  const started = await start()
  if ('refusal' in started) throw new Error(started.refusal)
  return started
}

function change(sql: string): void {
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
}

const [first = '', second = ''] = uuids

describe('a damaged row of the store', () => {
  it('sets its mapping aside, named with file, table and UUID, and the others run', async () => {
    change(
      `UPDATE mapping SET document = replace(document, '"BatchSize":10', '"BatchSize":90') WHERE uuid = '${first}'`,
    )
    const { store, findings } = await opened()
    expect((await store.mappings()).map(({ uuid }) => uuid)).toEqual(uuids.slice(1))
    expect(findings.lost).toEqual([])
    expect(findings.damaged).toMatchObject([
      { uuid: first, document: null, functionArn: documentOf(first).functionArn },
    ])
    for (const part of [path, 'table mapping', first, `millrace mappings delete ${first}`]) {
      expect(findings.damaged[0]?.message).toContain(part)
    }
    await store.close()
    // Nothing of it is thrown away, and the next start says the same.
    const again = await opened()
    expect(again.findings.damaged).toHaveLength(1)
    await again.store.close()
  })

  it.each([
    [
      'changed',
      `UPDATE flow SET checkpoint = replace(checkpoint, '4954', '4955') WHERE uuid = '${first}' AND flow LIKE '%1'`,
    ],
    ['gone', `DROP TRIGGER flow_gone; DELETE FROM flow WHERE uuid = '${first}' AND flow LIKE '%1'`],
  ])('that is a position, %s, sets the mapping aside: it would pass over records', async (what, sql) => {
    const trigger = schemaOf('flow_gone')
    change(sql)
    if (what === 'gone') change(trigger)
    const { store, findings } = await opened()
    expect(findings.damaged).toMatchObject([{ uuid: first, document: documentOf(first) }])
    expect(findings.damaged[0]?.message).toContain('table flow')
    expect((await store.mappings()).map(({ uuid }) => uuid)).not.toContain(first)
    await store.close()
  })

  it('that somebody has mended is believed again', async () => {
    change(`UPDATE flow SET checkpoint = '{torn' WHERE uuid = '${first}' AND flow LIKE '%1'`)
    const before = await opened()
    expect(before.findings.damaged).toHaveLength(1)
    await before.store.close()
    change(`UPDATE flow SET checkpoint = NULL, sum = NULL WHERE uuid = '${first}' AND flow LIKE '%1'`)
    const { store, findings } = await opened()
    expect(findings.damaged).toEqual([])
    expect((await store.checkpoints(first)).map(({ flow }) => flow)).toEqual([shards[0], shards[2]])
    await store.close()
  })

  it('is gone when its mapping is deleted', async () => {
    change(`UPDATE mapping SET document = '{' WHERE uuid = '${first}'`)
    const { store } = await opened()
    await store.deleteMapping(first)
    expect(store.findings().damaged).toEqual([])
    await store.close()
    const again = await opened()
    expect(again.findings).toEqual({ damaged: [], lost: [] })
    await again.store.close()
  })

  it('that is missing is said, once', async () => {
    const trigger = schemaOf('mapping_gone')
    change(`DROP TRIGGER mapping_gone; DELETE FROM mapping WHERE uuid IN ('${first}', '${second}')`)
    change(trigger)
    const { store, findings } = await opened()
    expect(findings.lost).toHaveLength(1)
    for (const part of [path, '2 of the 12 rows of table mapping', first, second]) {
      expect(findings.lost[0]).toContain(part)
    }
    await store.close()
    const again = await opened()
    expect(again.findings.lost).toEqual([])
    await again.store.close()
  })
})

describe('a store that is not what was left', () => {
  it.each([
    ['emptied', () => writeFileSync(path, '')],
    ['removed', () => rmSync(path)],
  ])('because it was %s is said', async (_, lose) => {
    lose()
    const { store, findings } = await opened()
    expect(findings.lost).toHaveLength(1)
    expect(findings.lost[0]).toContain(`The store ${path} is empty, but held 12 mappings at 2`)
    await store.close()
  })

  it('because its log is gone is said', async () => {
    const store = await openStore(`sqlite:${path}`)
    await store.putMapping(mappingDocument('late'))
    const [database, note] = [readFileSync(path), readFileSync(`${path}.holder`)]
    expect(existsSync(`${path}-wal`)).toBe(true)
    await store.close()
    writeFileSync(path, database)
    writeFileSync(`${path}.holder`, note)
    const { store: older, findings } = await opened()
    expect(findings.lost).toHaveLength(1)
    expect(findings.lost[0]).toContain(`The store ${path} is older than what was left at `)
    expect(findings.lost[0]).toContain('1 change of its mappings')
    await older.close()
  })

  it('is no news where it was never filled, or was emptied by its owner', async () => {
    const store = await openStore(`sqlite:${path}`)
    for (const uuid of uuids) await store.deleteMapping(uuid)
    await store.close()
    rmSync(path)
    const { store: empty, findings } = await opened()
    expect(findings).toEqual({ damaged: [], lost: [] })
    await empty.close()
  })

  it('of an older schema is brought up to date with all it has, and summed', async () => {
    rmSync(path)
    rmSync(`${path}.holder`)
    change(`CREATE TABLE mapping (uuid TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE flow (
     uuid TEXT NOT NULL, flow TEXT NOT NULL, fence INTEGER NOT NULL, checkpoint TEXT,
     PRIMARY KEY (uuid, flow)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE fence (last INTEGER NOT NULL) STRICT;
   INSERT INTO fence VALUES (4);
   INSERT INTO mapping VALUES ('${first}', '${JSON.stringify(documentOf(first))}'), ('${second}', '{torn');
   INSERT INTO flow VALUES ('${first}', 'a', 4, '${JSON.stringify(checkpointAt('7'))}');
   PRAGMA application_id = ${0x6d696c6c}; PRAGMA user_version = 1`)
    const { store, findings } = await opened()
    expect(await store.mappings()).toEqual([documentOf(first)])
    expect(await store.checkpoints(first)).toEqual([{ flow: 'a', checkpoint: checkpointAt('7') }])
    expect(findings.damaged.map(({ uuid }) => uuid)).toEqual([second])
    expect((await store.openFlow(first, 'a')).fence).toBe(5)
    await store.close()
    change(`UPDATE flow SET checkpoint = replace(checkpoint, '7', '9')`)
    const again = await opened()
    expect(again.findings.damaged.map(({ uuid }) => uuid)).toEqual([first, second])
    await again.store.close()
  })
})

function schemaOf(name: string): string {
  const db = new DatabaseSync(path)
  const row = db.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').get(name)
  db.close()
  return String(row?.['sql'])
}

type Corruption = (bytes: Buffer, random: Prng) => Buffer

const corruptions: Readonly<Record<string, Corruption>> = {
  'one bit': (bytes, random) => at(bytes, random, 1, (old) => old ^ (1 << random.int(0, 7))),
  'some bytes': (bytes, random) => at(bytes, random, random.int(1, 40), () => random.int(0, 255)),
  zeros: (bytes, random) => at(bytes, random, random.int(1, 600), () => 0),
  'a page of zeros': (bytes, random) => {
    const page = random.int(0, bytes.length / 4_096 - 1)
    return Buffer.concat([bytes.subarray(0, page * 4_096), Buffer.alloc(4_096), bytes.subarray((page + 1) * 4_096)])
  },
  'a page of another': (bytes, random) => {
    const [from, to] = [random.int(0, bytes.length / 4_096 - 1), random.int(0, bytes.length / 4_096 - 1)]
    const copy = Buffer.from(bytes)
    bytes.copy(copy, to * 4_096, from * 4_096, (from + 1) * 4_096)
    return copy
  },
  'a shorter file': (bytes, random) => bytes.subarray(0, random.int(0, bytes.length - 1)),
}

function at(bytes: Buffer, random: Prng, length: number, value: (old: number) => number): Buffer {
  const copy = Buffer.from(bytes)
  const start = random.int(0, bytes.length - 1)
  for (let place = start; place < Math.min(copy.length, start + length); place++) copy[place] = value(copy[place] ?? 0)
  return copy
}

/** Everything that is neither as it was nor told. */
async function silentlyWrong({ store, findings }: { readonly store: Store; readonly findings: StoreFindings }) {
  if (findings.lost.length > 0) return []
  const told = findings.damaged.map(({ message }) => message).join('\n')
  const kept = new Map((await store.mappings()).map((document) => [document.uuid, document]))
  const wrong: string[] = [...kept.keys()].filter((uuid) => !uuids.includes(uuid))
  for (const uuid of uuids) {
    if (told.includes(uuid)) continue
    if (JSON.stringify(kept.get(uuid)) !== JSON.stringify(documentOf(uuid))) wrong.push(`${uuid} is not as it was`)
    const expected = shards.map((flow) => ({ flow, checkpoint: checkpointOf(uuid, flow) }))
    if (JSON.stringify(await store.checkpoints(uuid)) !== JSON.stringify(expected)) wrong.push(`${uuid}: its positions`)
  }
  return wrong
}

describe('a file that the disk has changed anywhere', () => {
  it.each(Object.entries(corruptions))(
    '(%s) is refused with a text to act on, or says what is wrong',
    async (_, corrupt) => {
      const [original, note] = [readFileSync(path), readFileSync(`${path}.holder`)]
      const endings = { refused: 0, aside: 0, harmless: 0 }
      for (let seed = 1; seed <= 40; seed++) {
        rmSync(`${path}-wal`, { force: true })
        writeFileSync(path, corrupt(original, createPrng(seed)))
        writeFileSync(`${path}.holder`, note)
        const started = await start()
        if ('refusal' in started) {
          endings.refused += 1
          expect(started.refusal, `seed ${seed}`).toContain(path)
          expect(started.refusal, `seed ${seed}`).toMatch(/Put a copy|put a copy|another path|Check the disk/)
          continue
        }
        expect(await silentlyWrong(started), `seed ${seed}`).toEqual([])
        const { damaged, lost } = started.findings
        endings[damaged.length + lost.length > 0 ? 'aside' : 'harmless'] += 1
        for (const { message, uuid } of damaged) {
          for (const part of [path, 'table ', uuid]) expect(message, `seed ${seed}`).toContain(part)
        }
        await started.store.close()
      }
      expect(endings.refused + endings.aside, JSON.stringify(endings)).toBeGreaterThan(0)
    },
  )
})
