import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DescribeResult, ReadRequest, Source } from '../../src/ports.ts'
import type { SourceRecord } from '../../src/model/record.ts'
import { compareSequenceNumbers } from '../../src/sources/sequence-number.ts'
import { expectWellFormed, neverAborted, readPage, readRequest } from './source-contract.ts'

/** A stream that is empty, its source, and the other end of it. */
export interface StreamUnderTest {
  readonly source: Source
  /** Another source of the same mapping, as after a restart of the process. */
  reopen(): Source
  /** Writes a record whose order key follows from `key`. */
  put(key: string, data: string): Promise<void>
  remove(): Promise<void>
  cleanUp(): Promise<void>
  /** Closes every open shard; children take their place. */
  readonly reshard?: () => Promise<void>
  /** Deletes the stream and makes it again under the name that the mapping has. */
  readonly recreate?: () => Promise<void>
  /** Makes the service forget the oldest records of a shard. */
  readonly trim?: (shardId: string, count: number) => Promise<void>
  /** Makes the service refuse the iterators that it gave so far. */
  readonly expire?: () => Promise<void>
}

export interface StreamAbilities {
  readonly reshard: boolean
  readonly recreate: boolean
  readonly trim: boolean
  readonly expire: boolean
  /** Reads can begin at the latest record, or at a time. */
  readonly seek: boolean
}

type Found = Extract<DescribeResult, { kind: 'found' }>
type From = NonNullable<ReadRequest['from']>

const horizon: From = { at: 'horizon' }

/** Timers and the timeout of the test get their turn. */
function othersRun(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** What every source with positions promises, whichever stream is behind it. */
export function streamContract(title: string, abilities: StreamAbilities, start: () => Promise<StreamUnderTest>): void {
  describe(`a stream: ${title}`, () => {
    let stream: StreamUnderTest

    beforeEach(async () => {
      stream = await start()
    })

    afterEach(async () => {
      await stream.source.close()
      await stream.cleanUp()
    })

    async function look(): Promise<Found> {
      const result = await stream.source.describe(neverAborted)
      if (result.kind !== 'found') throw new Error(`The stream is ${result.kind}: ${result.message}`)
      return result
    }

    async function firstShard(): Promise<string> {
      const [shard] = (await look()).shards
      if (shard === undefined) throw new Error('The stream has no shard.')
      return shard.shardId
    }

    const page = (shardId: string, from: From, recordsMax = 100, source = stream.source) =>
      readPage(source, { shardId, from, recordsMax })

    const after = (record: SourceRecord | undefined): From => ({ at: 'after', position: record?.position ?? '' })

    /**
     * Reads on until `count` records are there: an empty page need not be the end (behaviour §13.4). How many pages that takes is the
     * service's business; a record that never comes is ended by the timeout of the test.
     */
    async function readOn(shardId: string, from: From, count: number, source = stream.source): Promise<SourceRecord[]> {
      const records: SourceRecord[] = []
      let place = from
      for (let end = false; records.length < count && !end;) {
        const read = await page(shardId, place, 100, source)
        records.push(...read.records)
        if (read.records.length > 0) place = after(read.records.at(-1))
        else await othersRun()
        end = read.end
      }
      return records
    }

    /** What identifies records. (Some emulators print the members of a record in another order each time.) */
    const places = (records: readonly SourceRecord[]) =>
      records.map(({ position, orderKey, arrivedMs, bytes }) => ({ position, orderKey, arrivedMs, bytes }))

    async function putAll(count: number, key = 'k'): Promise<void> {
      for (let nth = 0; nth < count; nth += 1) await stream.put(key, `d${nth}`)
    }

    it('tells that it exists, which life it lives, how long it keeps records, and its shards', async () => {
      const found = await look()
      expect(found.arn).toMatch(/^arn:aws:/)
      expect(found.incarnation).not.toBe('')
      expect(found.retentionMs).toBeGreaterThanOrEqual(86_400_000)
      expect(found.visibilityMs).toBeNull()
      expect(found.shards.length).toBeGreaterThan(0)
      expect(found.shards.every(({ closed, parentIds }) => !closed && parentIds.length === 0)).toBe(true)
      expect(await look()).toEqual(found)
    })

    it('hands out records in order, each at a place beyond the last', async () => {
      const shardId = await firstShard()
      await putAll(12)
      const records = await readOn(shardId, horizon, 12)
      expectWellFormed(records)
      expect(records).toHaveLength(12)
      for (const [index, record] of records.entries()) {
        expect(record.id).toBe(record.position)
        expect(record.receipt).toBe('')
        expect(record.orderKey).toBe(records[0]?.orderKey)
        const before = records[index - 1]
        if (before !== undefined) expect(compareSequenceNumbers(before.position, record.position)).toBe(-1)
      }
    })

    it('tells order keys apart', async () => {
      const shardId = await firstShard()
      await stream.put('one', 'a')
      await stream.put('two', 'b')
      const records = await readOn(shardId, horizon, 2)
      expect(new Set(records.map(({ orderKey }) => orderKey)).size).toBe(2)
    })

    it('gives no more than was asked for, and goes on behind it', async () => {
      const shardId = await firstShard()
      await putAll(5)
      const all = await readOn(shardId, horizon, 5)
      const first = await page(shardId, horizon, 2)
      expect(places(first.records)).toEqual(places(all.slice(0, 2)))
      const second = await page(shardId, after(first.records.at(-1)), 2)
      expect(places(second.records)).toEqual(places(all.slice(2, 4)))
    })

    it('reads any place again, and the same from another process', async () => {
      const shardId = await firstShard()
      await putAll(4)
      const all = await readOn(shardId, horizon, 4)
      expect(places(await readOn(shardId, after(all[0]), 3))).toEqual(places(all.slice(1)))
      expect(places(await readOn(shardId, horizon, 4))).toEqual(places(all))
      const other = stream.reopen()
      expect(places(await readOn(shardId, after(all[2]), 1, other))).toEqual(places(all.slice(3)))
      await other.close()
    })

    it('is at the tip when there is nothing more, and goes on from there', async () => {
      const shardId = await firstShard()
      expect(await page(shardId, horizon)).toMatchObject({ records: [], end: false, tip: true })
      await putAll(1)
      const [record] = await readOn(shardId, horizon, 1)
      expect(await page(shardId, after(record))).toMatchObject({ records: [], end: false, tip: true })
      await stream.put('k', 'more')
      expect(await readOn(shardId, after(record), 1)).toHaveLength(1)
    })

    it('ends at once when it is aborted, with the reason', async () => {
      const shardId = await firstShard()
      const controller = new AbortController()
      controller.abort(new Error('drain'))
      const outcome = stream.source.read(readRequest({ shardId, from: horizon }), controller.signal).then(
        ({ kind }) => kind,
        (reason: unknown) => String(reason),
      )
      expect(await outcome).toBe('Error: drain')
    })

    it('says that it is missing once it is removed, to readers and lookers alike', async () => {
      const shardId = await firstShard()
      await page(shardId, horizon)
      await stream.remove()
      expect((await stream.source.read(readRequest({ shardId, from: horizon }), neverAborted)).kind).toBe('missing')
      expect((await stream.source.describe(neverAborted)).kind).toBe('missing')
    })

    // proves: stream.start.timestamp
    it.skipIf(!abilities.seek)('begins at a time', async () => {
      const shardId = await firstShard()
      const records: SourceRecord[] = []
      // A fast service takes many records in one millisecond: its clock decides which record is the first of a later one.
      while (records.length === 0 || records.at(-1)?.arrivedMs === records[0]?.arrivedMs) {
        await othersRun()
        await putAll(1)
        const from = records.length === 0 ? horizon : after(records.at(-1))
        records.push(...(await readOn(shardId, from, 1)))
      }
      const [oldest] = records
      const youngest = records.at(-1)
      const since = (ms = 0, count = 0) => readOn(shardId, { at: 'time', ms }, count)
      expect(places(await since(oldest?.arrivedMs, records.length))).toEqual(places(records))
      expect(places(await since(youngest?.arrivedMs, 1))).toEqual(places(records.slice(-1)))
    })

    it.skipIf(!abilities.reshard)(
      'ends a closed shard behind its last record; its children name it and begin with theirs',
      async () => {
        const parent = await firstShard()
        await putAll(3)
        await stream.reshard?.()
        const records = await readOn(parent, horizon, 3)
        expect(records).toHaveLength(3)
        const last = await page(parent, after(records.at(-1)))
        expect(last).toMatchObject({ records: [], end: true })
        expect(await page(parent, horizon, 100)).toMatchObject({ records, end: true })

        const { shards } = await look()
        expect(shards.find(({ shardId }) => shardId === parent)?.closed).toBe(true)
        const children = shards.filter(({ parentIds }) => parentIds.includes(parent))
        expect(children.length).toBeGreaterThan(0)
        await stream.put('k', 'younger')
        // It is in one of them.
        let younger: readonly SourceRecord[] = []
        while (younger.length === 0) {
          await othersRun()
          const pages = await Promise.all(children.map(({ shardId }) => page(shardId, horizon)))
          younger = pages.flatMap(({ records: found }) => found)
        }
        expect(younger).toHaveLength(1)
      },
    )

    it.skipIf(!abilities.recreate)('tells of its next life once, and is read from the beginning there', async () => {
      const shardId = await firstShard()
      const before = await look()
      await putAll(3)
      const old = await readOn(shardId, horizon, 3)
      await stream.recreate?.()
      const now = await look()
      expect(now.incarnation).not.toBe(before.incarnation)
      const [shard] = now.shards
      await stream.put('k', 'anew')
      const told = await stream.source.read(readRequest({ shardId, from: after(old.at(-1)) }), neverAborted)
      expect(told).toMatchObject({ kind: 'recreated', incarnation: now.incarnation })
      expect(await readOn(shard?.shardId ?? '', horizon, 1)).toHaveLength(1)
    })

    it.skipIf(!abilities.recreate)(
      'tells of its next life whoever comes with a place of the one before, each time',
      async () => {
        const shardId = await firstShard()
        const before = await look()
        await putAll(1)
        const place = after((await readOn(shardId, horizon, 1))[0])
        await stream.recreate?.()
        const now = await look()
        const [shard] = now.shards
        const stale = {
          ...readRequest({ shardId: shard?.shardId ?? '', from: place }),
          incarnation: before.incarnation,
        }
        const told = { kind: 'recreated', incarnation: now.incarnation }
        const other = stream.reopen()
        for (const source of [stream.source, stream.source, other]) {
          expect(await source.read(stale, neverAborted)).toMatchObject(told)
        }
        // Who knows already is not told: its place would be lost once more.
        const known = { ...stale, from: horizon, incarnation: now.incarnation }
        expect((await stream.source.read(known, neverAborted)).kind).toBe('records')
        expect((await other.read(known, neverAborted)).kind).toBe('records')
        await other.close()
      },
    )

    // proves: stream.trimmed
    it.skipIf(!abilities.trim)('says that a place is trimmed, and the horizon is where the rest begins', async () => {
      const shardId = await firstShard()
      await putAll(4)
      const all = await readOn(shardId, horizon, 4)
      await stream.trim?.(shardId, 3)
      const other = stream.reopen()
      const lost = await other.read(readRequest({ shardId, from: after(all[0]) }), neverAborted)
      expect(lost.kind).toBe('trimmed')
      expect(await readOn(shardId, horizon, 1, other)).toEqual(all.slice(3))
      await other.close()
    })

    it.skipIf(!abilities.expire)('says that an iterator expired, once, and loses nothing', async () => {
      const shardId = await firstShard()
      await putAll(3)
      const first = await page(shardId, horizon, 2)
      await stream.expire?.()
      const place = after(first.records.at(-1))
      expect((await stream.source.read(readRequest({ shardId, from: place }), neverAborted)).kind).toBe('expired')
      expect(await readOn(shardId, place, 1)).toHaveLength(1)
    })
  })
}
