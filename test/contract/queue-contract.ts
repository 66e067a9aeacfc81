import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SourceRecord } from '../../src/model/record.ts'
import type { Source } from '../../src/ports.ts'
import { expectWellFormed, inFragment, neverAborted, readPage, readRequest } from './source-contract.ts'

/** A queue that is empty, its source, and the other end of it. Its own visibility timeout is 30 s. */
export interface QueueUnderTest {
  readonly source: Source
  readonly arn: string
  /** `group` only where the queue is FIFO. */
  send(body: string, group?: string): Promise<void>
  remove(): Promise<void>
  cleanUp(): Promise<void>
}

/** What every source with receipts promises, whichever queue is behind it. */
export function queueContract(title: string, start: (fifo: boolean) => Promise<QueueUnderTest>): void {
  describe(`a queue: ${title}`, () => {
    let queue: QueueUnderTest

    const bodies = (records: readonly SourceRecord[]): readonly unknown[] =>
      records.map((record) => inFragment(record, 'body'))

    async function readAll(count: number): Promise<readonly SourceRecord[]> {
      const records: SourceRecord[] = []
      for (let tries = 0; records.length < count && tries < 20; tries += 1) {
        records.push(...(await readPage(queue.source, { waitMs: 1_000 })).records)
      }
      return records
    }

    /** Reads and settles in turns: some queues hand out one message of a group at a time. */
    async function drain(count: number): Promise<readonly SourceRecord[]> {
      const records: SourceRecord[] = []
      for (let tries = 0; records.length < count && tries < 20; tries += 1) {
        const page = await readPage(queue.source, { waitMs: 1_000 })
        records.push(...page.records)
        await queue.source.settle(page.records, neverAborted)
      }
      return records
    }

    afterEach(async () => {
      await queue.source.close()
      await queue.cleanUp()
    })

    describe('standard', () => {
      beforeEach(async () => {
        queue = await start(false)
      })

      it('tells that it exists, its own visibility, and no shards', async () => {
        expect(await queue.source.describe(neverAborted)).toEqual({
          kind: 'found',
          arn: queue.arn,
          incarnation: '',
          visibilityMs: 30_000,
          maxReceiveCount: null,
          retentionMs: null,
          shards: [],
        })
      })

      it('counts what is there to be received and what somebody holds', async () => {
        for (const body of ['one', 'two', 'three']) await queue.send(body)
        expect((await readPage(queue.source, { recordsMax: 1 })).records).toHaveLength(1)
        expect(await queue.source.depth(neverAborted)).toEqual({
          kind: 'queue',
          visible: 2,
          inFlight: 1,
          delayed: 0,
          visibilityMs: 30_000,
          redrive: null,
        })
        await queue.remove()
        expect(await queue.source.depth(neverAborted)).toMatchObject({ kind: 'missing' })
      })

      it('hands out what was sent, byte for byte, with a receipt and without a position', async () => {
        const body = '{"a": "ü\\u0000\\n", "b":  1.0 }'
        await queue.send(body)
        const { records, end } = await readPage(queue.source, { waitMs: 1_000 })
        expectWellFormed(records)
        expect(bodies(records)).toEqual([body])
        expect(records[0]).toMatchObject({ position: '', orderKey: '' })
        expect(records[0]?.receipt).not.toBe('')
        expect(records[0]?.id).toBe(inFragment(records[0] ?? fail(), 'messageId'))
        expect(inFragment(records[0] ?? fail(), 'eventSourceARN')).toBe(queue.arn)
        expect(inFragment(records[0] ?? fail(), 'attributes', 'ApproximateReceiveCount')).toBe('1')
        expect(end).toBe(false)
      })

      it('answers an empty page when there is nothing', async () => {
        expect(await readPage(queue.source)).toEqual({
          kind: 'records',
          records: [],
          end: false,
          tip: true,
          behindMs: null,
        })
      })

      // proves: sqs.long-poll
      it('ends a long poll as soon as a message comes', async () => {
        const empty = await start(false)
        const giveUp = new AbortController()
        const idle = empty.source.read(readRequest({ waitMs: 20_000 }), giveUp.signal).then(
          () => 'the long poll of an empty queue',
          () => 'nothing',
        )
        const read = readPage(queue.source, { waitMs: 20_000 })
        await queue.send('late')
        // Whoever waited the poll out would be the second of the two.
        expect(await Promise.race([idle, read.then(({ records }) => bodies(records))])).toEqual(['late'])
        giveUp.abort(new Error('The test is over.'))
        expect(await idle).toBe('nothing')
        await empty.source.close()
        await empty.cleanUp()
      })

      it('gives no more than was asked for, and ten at most', async () => {
        for (let nth = 0; nth < 12; nth += 1) await queue.send(`m${nth}`)
        expect((await readPage(queue.source, { recordsMax: 2 })).records).toHaveLength(2)
        expect((await readPage(queue.source, { recordsMax: 100 })).records.length).toBeLessThanOrEqual(10)
      })

      it('shows a message to one reader only while it is held', async () => {
        await queue.send('one')
        expect(await readAll(1)).toHaveLength(1)
        expect((await readPage(queue.source)).records).toEqual([])
      })

      it('deletes what is settled, also many at once', async () => {
        for (let nth = 0; nth < 23; nth += 1) await queue.send(`m${nth}`)
        const records = await readAll(23)
        expect(new Set(bodies(records)).size).toBe(23)
        expect(await queue.source.settle(records, neverAborted)).toEqual({ failed: [] })
        await queue.source.release(records, neverAborted)
        expect((await readPage(queue.source)).records).toEqual([])
      })

      it('deletes each by itself when that is asked for, what is gone already among them', async () => {
        for (let nth = 0; nth < 3; nth += 1) await queue.send(`m${nth}`)
        const records = await readAll(3)
        expect(await queue.source.settle(records.slice(0, 1), neverAborted)).toEqual({ failed: [] })
        expect(await queue.source.settle(records, neverAborted, true)).toEqual({ failed: [] })
        await queue.source.release(records, neverAborted)
        expect((await readPage(queue.source)).records).toEqual([])
      })

      it('does not call it a failure when the message is gone already', async () => {
        await queue.send('twice')
        const records = await readAll(1)
        expect(await queue.source.settle(records, neverAborted)).toEqual({ failed: [] })
        expect(await queue.source.settle(records, neverAborted)).toEqual({ failed: [] })
      })

      it('hands back what is released, with its count raised on the next receive', async () => {
        await queue.send('again')
        await queue.source.release(await readAll(1), neverAborted)
        const [record] = await readAll(1)
        expect(inFragment(record ?? fail(), 'attributes', 'ApproximateReceiveCount')).toBe('2')
      })

      it('holds messages as long as the read asked, not as the queue says', async () => {
        await queue.send('short')
        const { records } = await readPage(queue.source, { waitMs: 1_000, visibilityMs: 1_000 })
        expect(records).toHaveLength(1)
        expect(bodies(await readAll(1))).toEqual(['short'])
      })

      it('holds messages for longer when that is asked for, counted from then on', async () => {
        await queue.send('slow')
        const { records } = await readPage(queue.source, { waitMs: 1_000, visibilityMs: 1_000 })
        expect(await queue.source.extend(records, 30_000, neverAborted)).toEqual({ failed: [] })
        // The first visibility would have ended within this poll.
        expect((await readPage(queue.source, { waitMs: 2_000 })).records).toEqual([])
        expect(await queue.source.settle(records, neverAborted)).toEqual({ failed: [] })
      })

      it('says so when it shows a message already, or keeps it no more', async () => {
        await queue.send('shown')
        const first = await readAll(1)
        await queue.source.release(first, neverAborted)
        const { failed } = await queue.source.extend(first, 30_000, neverAborted)
        expect(failed).toMatchObject([{ index: 0, final: true }])
      })

      it('ends a long poll when it is aborted, with the reason', async () => {
        const controller = new AbortController()
        const outcome = queue.source.read(readRequest({ waitMs: 10_000 }), controller.signal).then(
          ({ kind }) => kind,
          (reason: unknown) => String(reason),
        )
        controller.abort(new Error('drain'))
        expect(await outcome).toBe('Error: drain')
      })

      it('says that it is missing once it is removed, to readers and lookers alike', async () => {
        await queue.source.describe(neverAborted)
        await queue.remove()
        expect((await queue.source.read(readRequest(), neverAborted)).kind).toBe('missing')
        expect((await queue.source.describe(neverAborted)).kind).toBe('missing')
      })
    })

    describe('FIFO', () => {
      beforeEach(async () => {
        queue = await start(true)
      })

      it('keeps the order of each group and names it', async () => {
        for (const [body, group] of [
          ['a1', 'a'],
          ['b1', 'b'],
          ['a2', 'a'],
        ] as const) {
          await queue.send(body, group)
        }
        const records = await drain(3)
        expectWellFormed(records)
        expect(bodies(records.filter(({ orderKey }) => orderKey === 'a'))).toEqual(['a1', 'a2'])
        expect(bodies(records.filter(({ orderKey }) => orderKey === 'b'))).toEqual(['b1'])
        expect(new Set(records.map(({ orderHash }) => orderHash)).size).toBe(2)
      })

      it('holds the rest of a group back until what is held of it is settled', async () => {
        await queue.send('a1', 'a')
        await queue.send('a2', 'a')
        const first = await readPage(queue.source, { waitMs: 1_000, recordsMax: 1 })
        expect(bodies(first.records)).toEqual(['a1'])
        expect((await readPage(queue.source)).records).toEqual([])
        await queue.source.settle(first.records, neverAborted)
        expect(bodies(await readAll(1))).toEqual(['a2'])
      })

      it('hands a released message out before the later ones of its group', async () => {
        await queue.send('a1', 'a')
        await queue.send('a2', 'a')
        const first = await readPage(queue.source, { waitMs: 1_000, recordsMax: 1 })
        await queue.source.release(first.records, neverAborted)
        expect(bodies(await drain(2))).toEqual(['a1', 'a2'])
      })
    })
  })
}

function fail(): never {
  throw new Error('There is no record.')
}
