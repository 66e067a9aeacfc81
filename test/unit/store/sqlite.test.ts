import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGroupCommit } from '../../../src/store/group-commit.ts'
import { schemaVersion } from '../../../src/store/sqlite-schema.ts'
import { StoreError } from '../../../src/store/store-error.ts'
import { openStore } from '../../../src/store/store-opener.ts'
import { checkpointAt, describeStore, mappingDocument } from '../../contract/store-contract.ts'

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'millrace-store-'))

describeStore('sqlite', async () => {
  const directory = newDirectory()
  const url = `sqlite:${join(directory, 'store.db')}`
  let store = await openStore(url)
  return {
    store,
    reopen: async () => {
      await store.close()
      store = await openStore(url)
      return store
    },
    cleanUp: async () => {
      await store.close()
      rmSync(directory, { recursive: true })
    },
  }
})

describe('the file of a sqlite store', () => {
  let directory = ''
  let path = ''
  const children: ChildProcess[] = []

  beforeEach(() => {
    directory = newDirectory()
    path = join(directory, 'store.db')
  })
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    }
    rmSync(directory, { recursive: true })
  })

  /** Starts the writer, hands every line it prints to `onLine`, and waits for it to have the store open. */
  async function startWriter(mode: string, onLine: (line: string) => void): Promise<ChildProcess> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'checkpoint-writer.ts'), `sqlite:${path}`, mode], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const lines = createInterface(child.stdout)
    const opened = once(lines, 'line')
    lines.on('line', onLine)
    expect(await opened).toEqual(['open'])
    return child
  }

  async function refusalOf(url: string): Promise<string> {
    const error: unknown = await openStore(url).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StoreError)
    return error instanceof StoreError ? error.message : ''
  }

  it('is made together with the directories it lies in', async () => {
    path = join(directory, 'one', 'two', 'store.db')
    const store = await openStore(`sqlite:${path}`)
    await store.putMapping(mappingDocument('a'))
    await store.close()
    expect(existsSync(path)).toBe(true)
  })

  it('has a write-ahead log and a note of its holder beside it while it is open', async () => {
    const store = await openStore(`sqlite:${path}`)
    await store.putMapping(mappingDocument('a'))
    expect(readdirSync(directory).sort()).toEqual(['store.db', 'store.db-wal', 'store.db.holder'])
    await store.close()
  })

  it('and the note about it are all that is left behind by a clean stop', async () => {
    const store = await openStore(`sqlite:${path}`)
    await store.putMapping(mappingDocument('a'))
    await store.close()
    expect(readdirSync(directory).sort()).toEqual(['store.db', 'store.db.holder'])
  })

  it('holds every acknowledged checkpoint after kill -9, each time over', async () => {
    const acknowledged = new Map<string, number>()
    for (const round of [1, 2, 3]) {
      const { promise: enough, resolve } = Promise.withResolvers<void>()
      let lines = 0
      const child = await startWriter('write', (line) => {
        const [answer, flow, position] = line.split(' ')
        if (answer !== 'written' || flow === undefined) return
        acknowledged.set(flow, Number(position))
        lines += 1
        if (lines === 700 * round) resolve()
      })
      await enough
      child.kill('SIGKILL')
      await once(child, 'close')

      const store = await openStore(`sqlite:${path}`)
      const kept = await store.checkpoints('a')
      await store.close()
      expect(kept.map(({ flow }) => flow)).toEqual([...acknowledged.keys()].sort())
      for (const { flow, checkpoint } of kept) {
        expect(Number(checkpoint.watermark)).toBeGreaterThanOrEqual(acknowledged.get(flow) ?? Infinity)
      }
    }
  })

  it('is refused to a second process, which names the holder, until the holder is gone, however it went', async () => {
    const child = await startWriter('hold', () => undefined)
    expect(await refusalOf(`sqlite:${path}`)).toMatch(
      new RegExp(
        `^The store ${path} is in use by process ${child.pid} on ${hostname()}, since \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\. ` +
          'Stop it, or give --store another path\\.$',
      ),
    )
    symlinkSync(path, join(directory, 'alias.db'))
    expect(await refusalOf(`sqlite:${join(directory, 'alias.db')}`)).toContain(`in use by process ${child.pid} on `)

    child.kill('SIGKILL')
    await once(child, 'exit')
    const store = await openStore(`sqlite:${path}`)
    expect(await store.mappings()).toEqual([])
    await store.close()
  })

  it('is refused to the process that has it open already', async () => {
    const store = await openStore(`sqlite:${path}`)
    expect(await refusalOf(`sqlite:${path}`)).toContain(`in use by this process itself (pid ${process.pid}, since `)
    await store.putMapping(mappingDocument('a'))
    expect(await store.mappings()).toHaveLength(1)
    await store.close()
  })

  it('does not blame a dead process that left its note behind', async () => {
    const store = await openStore(`sqlite:${path}`)
    writeFileSync(`${path}.holder`, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), since: 'long ago' }))
    expect(await refusalOf(`sqlite:${path}`)).toContain('in use by another process.')
    writeFileSync(`${path}.holder`, 'torn')
    expect(await refusalOf(`sqlite:${path}`)).toContain('in use by another process.')
    await store.close()
  })

  it('of a newer schema is refused and not touched', async () => {
    await (await openStore(`sqlite:${path}`)).close()
    const db = new DatabaseSync(path)
    db.exec(`CREATE TABLE later (a); PRAGMA user_version = ${schemaVersion + 6}`)
    db.close()
    expect(await refusalOf(`sqlite:${path}`)).toBe(
      `${path} was written by a newer Millrace (schema ${schemaVersion + 6}; this one knows ${schemaVersion}). ` +
        'Start that version, or give --store another path.',
    )
    expect(readdirSync(directory).sort()).toEqual(['store.db', 'store.db.holder'])
  })

  it('of another program is refused and not touched', async () => {
    const db = new DatabaseSync(path)
    db.exec('CREATE TABLE theirs (a)')
    db.close()
    const refusal = `${path} is a database of another program. Give --store another path.`
    expect(await refusalOf(`sqlite:${path}`)).toBe(refusal)
    const other = new DatabaseSync(path)
    expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
    other.exec('DROP TABLE theirs; PRAGMA application_id = 7')
    other.close()
    expect(await refusalOf(`sqlite:${path}`)).toBe(refusal)
  })

  it('that is no database is refused', async () => {
    writeFileSync(path, 'a letter to my mother, long enough to be read as the head of a database file'.repeat(20))
    expect(await refusalOf(`sqlite:${path}`)).toBe(
      `${path} is not a SQLite database, or its head is damaged. Give --store another path, or put a copy of the store back.`,
    )
  })

  it('in a place that cannot be is refused with the place', async () => {
    writeFileSync(path, '')
    expect(await refusalOf(`sqlite:${path}/store.db`)).toMatch(
      new RegExp(`^The directory ${path} of the store cannot be created: E`),
    )
    expect(await refusalOf(`sqlite:${directory}`)).toBe(
      `The store ${directory} cannot be opened: check that user ${process.getuid?.()} may write that file and its directory.`,
    )
  })

  it.each(['memory:', 'memory'])('is not needed for %s', async (url) => {
    const store = await openStore(url)
    await store.putMapping(mappingDocument('a'))
    expect(await store.mappings()).toHaveLength(1)
    await store.close()
  })

  it.each(['', 'sqlite:', 'sqlite::memory:', 'Memory', 'redis://localhost', './store.db'])(
    'is not opened for the unknown store %j',
    async (url) => {
      expect(await refusalOf(url)).toBe(`The store '${url}' is not known. Use memory: or sqlite:PATH.`)
    },
  )
})

describe('writes made in one turn', () => {
  it('are committed in groups, in the order of the calls', async () => {
    const db = new DatabaseSync(':memory:')
    const commits = createGroupCommit({ db, path: 'x', check: () => undefined })
    const inTransaction: boolean[] = []
    const order: number[] = []
    const writes = Array.from({ length: 2_500 }, (_, index) =>
      commits.run(() => {
        inTransaction.push(db.isTransaction)
        order.push(index)
      }),
    )
    expect(order).toEqual([])
    await Promise.all(writes)
    expect(inTransaction.every(Boolean)).toBe(true)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order).toHaveLength(2_500)
    db.close()
  })

  it('are all committed at the end, however many wait', async () => {
    const db = new DatabaseSync(':memory:')
    const commits = createGroupCommit({ db, path: 'x', check: () => undefined })
    const writes = Array.from({ length: 2_500 }, (_, index) => commits.run(() => index))
    commits.end()
    expect(await Promise.all(writes)).toEqual(Array.from({ length: 2_500 }, (_, index) => index))
    await expect(commits.run(() => 0)).rejects.toThrow('The store x is closed.')
    db.close()
  })

  it('fail together when one of them cannot be written, and the next group goes on', async () => {
    const db = new DatabaseSync(':memory:')
    db.exec('CREATE TABLE t (a UNIQUE)')
    const commits = createGroupCommit({ db, path: 'x', check: () => undefined })
    const insert = (value: number) => commits.run(() => db.exec(`INSERT INTO t VALUES (${value})`))
    const answers = await Promise.allSettled([insert(1), insert(2), insert(2)])
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(StoreError) as StoreError })
    }
    await insert(3)
    expect(db.prepare('SELECT a FROM t').all()).toEqual([{ a: 3 }])
    expect(db.isTransaction).toBe(false)
    db.close()
  })

  it('take one commit, not one each', async () => {
    const directory = newDirectory()
    const store = await openStore(`sqlite:${join(directory, 'store.db')}`)
    const { fence } = await store.openFlow('a', 's')
    // Later calls of a turn are answered together with the first: all of them were in its transaction.
    const answered: number[] = []
    const writes = Array.from({ length: 100 }, async (_, index) => {
      await store.writeCheckpoint('a', 's', fence, checkpointAt(String(index)))
      answered.push(index)
    })
    await setImmediate()
    await setImmediate()
    expect(answered).toHaveLength(100)
    await Promise.all(writes)
    expect(answered).toEqual(Array.from({ length: 100 }, (_, index) => index))
    await store.close()
    rmSync(directory, { recursive: true })
  })

  it('wait for the disk where one of them has to survive a loss of power, and not otherwise', async () => {
    const db = new DatabaseSync(join(newDirectory(), 'x.db'))
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE t (a)')
    const commits = createGroupCommit({ db, path: 'x', check: () => undefined })
    const level = () => Number(db.prepare('PRAGMA synchronous').get()?.['synchronous'])
    const [normal, full] = [1, 2]
    expect(await Promise.all([commits.run(level), commits.run(level)])).toEqual([normal, normal])
    expect(await Promise.all([commits.run(level), commits.run(level, 'power')])).toEqual([full, full])
    const insert = () => db.exec('INSERT INTO nowhere VALUES (1)')
    await expect(commits.run(insert, 'power')).rejects.toThrow('The store x cannot be written: no such table: nowhere.')
    expect(await commits.run(level)).toBe(normal)
    db.close()
  })

  it('are refused with what to do when the disk is full, and taken again when it is not', async () => {
    const db = new DatabaseSync(join(newDirectory(), 'x.db'))
    db.exec('CREATE TABLE t (a)')
    db.exec('PRAGMA max_page_count = 2')
    const commits = createGroupCommit({ db, path: 'x', check: () => undefined })
    const insert = () => commits.run(() => db.exec(`INSERT INTO t VALUES ('${'x'.repeat(20_000)}')`))
    await expect(insert()).rejects.toThrow(
      'The store x cannot be written: database or disk is full. Free some space on its disk.',
    )
    db.exec('PRAGMA max_page_count = 1000')
    await insert()
    expect(db.prepare('SELECT count(*) AS rows FROM t').get()).toEqual({ rows: 1 })
    db.close()
  })
})
