import { describe, expect, it } from 'vitest'
import type { Checkpoint } from '../../../src/model/checkpoint.ts'
import { ok, reported, Scenario, stream, thrown } from './scenario.ts'

const keyed = (id: number, hash: number): ReturnType<typeof stream> =>
  stream([id], { orderKey: `key-${String(hash)}`, orderHash: hash })

const saved = (changes: Partial<Checkpoint>): Checkpoint => ({
  incarnation: 'life-1',
  watermark: null,
  completed: [],
  window: null,
  done: false,
  ...changes,
})

describe('a shard', () => {
  // proves: param.batch-size@Kinesis, param.batch-size@DynamoDB
  it('invokes 20 records at BatchSize 10 as two batches in order (behaviour §4.2)', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream(Array.from({ length: 20 }, (_, index) => index)), { end: true })
    flow.run(() => ok)
    expect(flow.invocations().map((ids) => [ids.length, ids[0]])).toEqual([
      [10, '0'],
      [10, '10'],
    ])
  })

  // proves: stream.window
  it('waits for its window, or until the batch is full', () => {
    const flow = new Scenario('kinesis', { windowMs: 1_000, batchSize: 2 }).open().page(stream([1]))
    expect(flow.after(999).out('permit')).toEqual([])
    expect(flow.after(1).out('permit')).toHaveLength(1)
    const full = new Scenario('kinesis', { windowMs: 1_000, batchSize: 2 }).open().page(stream([1, 2]))
    expect(full.out('permit')).toHaveLength(1)
  })

  // proves: stream.bytes
  it('does not go over the bytes of an event, commas included', () => {
    const flow = new Scenario('kinesis', { batchBytesMax: 22 })
      .open()
      .page(stream([1, 2, 3]), { end: true })
      .run(() => ok)
    expect(flow.invocations()).toEqual([['1', '2'], ['3']])
  })

  // proves: stream.filter.advances
  it('passes filtered records by the raw position (ministack PR 1034, 914, 919)', () => {
    const flow = new Scenario('kinesis').open().page(stream([1, 2, 3], { matched: false }))
    expect(flow.invocations()).toEqual([])
    expect(flow.lastCheckpoint()).toMatchObject({ watermark: '3' })
  })

  // proves: stream.factor
  it('keeps the order of a key under ParallelizationFactor, and one failing slot does not stop the others', () => {
    const flow = new Scenario('kinesis', { slots: 2, batchSize: 1 }).open()
    flow
      .page([...keyed(1, 0), ...keyed(2, 1), ...keyed(3, 0), ...keyed(4, 1)])
      .permit()
      .permit()
    flow.invoked(thrown).invoked(ok).permit()
    expect(flow.invocations()).toEqual([['1'], ['2'], ['4']])
  })

  // proves: stream.factor.checkpoint
  it('writes the slowest slot down as the watermark and the rest as completed runs', () => {
    const flow = new Scenario('kinesis', { slots: 2 }).open()
    flow
      .page([...keyed(1, 0), ...keyed(2, 1), ...keyed(3, 1), ...keyed(4, 0), ...keyed(5, 1)])
      .permit()
      .permit()
    flow.invoked(thrown).invoked(ok)
    expect(flow.lastCheckpoint()).toMatchObject({
      watermark: null,
      completed: [
        { first: '2', last: '3' },
        { first: '5', last: '5' },
      ],
    })
  })

  // proves: stream.factor.change
  it('lays its slots out anew only when the attempt that is out has ended', () => {
    const flow = new Scenario('kinesis', { batchSize: 1 }).open().page([...keyed(1, 0), ...keyed(2, 1), ...keyed(3, 2)])
    flow.permit().configure({ slots: 4 })
    expect(flow.out('permit')).toEqual([])
    flow.invoked(ok)
    expect(flow.out('permit')).toHaveLength(2)
  })

  // proves: stream.factor.checkpoint
  it('skips after a restart what the checkpoint calls completed', () => {
    const flow = new Scenario('kinesis').open(saved({ watermark: '1', completed: [{ first: '3', last: '4' }] }))
    expect(flow.out('read')[0]?.from).toEqual({ at: 'after', position: '1' })
    flow.page(stream([2, 3, 4, 5]), { end: true }).run(() => ok)
    expect(flow.invocations()).toEqual([['2', '5']])
  })

  it('takes nothing for completed behind a place that was trimmed: the end of the run may be gone', () => {
    const flow = new Scenario('kinesis').open(saved({ completed: [{ first: '3', last: '5' }] }))
    flow
      .page(stream([3]))
      .after(1_000)
      .reads({ kind: 'trimmed', message: '' })
      .after(1_000)
      .page(stream([8]), { end: true })
    flow.run(() => ok)
    expect(flow.invocations()).toEqual([['8']])
    expect(flow.said('positionLost')).toMatchObject([{ reason: 'trimmed' }])
  })

  it('takes nothing for completed once the retention has passed over the run, though the source says nothing', () => {
    const flow = new Scenario('kinesis', { retentionMs: 60_000 }).open(
      saved({ completed: [{ first: '3', last: '5' }] }),
    )
    flow
      .page(stream([3]))
      .after(60_001)
      .page(stream([8], { arrivedMs: 60_000 }), { end: true })
      .run(() => ok)
    expect(flow.invocations()).toEqual([['8']])
  })

  // proves: stream.trimmed
  it('loses nothing where a stream that was read to its end was followed by another with the same shards', () => {
    const done = saved({ watermark: '900', done: true })
    const flow = new Scenario('dynamodb').open(done, 'life-2')
    expect(flow.said('positionLost')).toEqual([])
    flow.page(stream([1]), { end: true })
    flow.run(() => ok)
    expect(flow.invocations()).toEqual([['1']])
  })

  it('goes on at the horizon of a stream that was made again (floci#2076)', () => {
    const flow = new Scenario('kinesis').open(saved({ watermark: '900' }), 'life-2')
    expect(flow.said('positionLost')).toMatchObject([{ reason: 'recreated', watermark: '900' }])
    expect(flow.out('read')[0]?.from).toEqual({ at: 'horizon' })
    flow.page(stream([1]), { end: true }).run(() => ok)
    expect(flow.lastCheckpoint()).toMatchObject({ incarnation: 'life-2', watermark: '1', done: true })
  })

  it('never writes a position of the last life of a stream for the next one', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream([900]))
      .permit()
      .after(1_000)
    flow.reads({ kind: 'recreated', incarnation: 'life-2', message: '' }).checkpointed().invoked(ok)
    expect(flow.lastCheckpoint()).toMatchObject({ incarnation: 'life-2', watermark: null })
  })

  // Found by seed 1013364 of the engine: the numbers of its failure record led from one life into the other.
  it('puts no records of two lives of a stream into one batch', () => {
    const flow = new Scenario('kinesis', { windowMs: 5_000 }).open().page(stream([900]))
    flow.after(1_000).reads({ kind: 'recreated', incarnation: 'life-2', message: '' })
    flow
      .after(1_000)
      .page(stream([1, 2]))
      .after(5_000)
      .permit()
      .invoked(ok)
      .permit()
    expect(flow.invocations()).toEqual([['900'], ['1', '2']])
  })

  // proves: stream.pace.behind
  it('reads on at once after an empty page that is not the tip (behaviour §13.4)', () => {
    const flow = new Scenario('kinesis').open().page([], { tip: false })
    expect(flow.out('read')).toHaveLength(1)
    expect(flow.page([], { tip: true }).out('read')).toEqual([])
  })

  it('reads no more often than its source allows, also while it is behind', () => {
    const pace = { readIntervalMs: 200, tipMsMin: 10, tipMsMax: 1_000, idleMs: 0 }
    const flow = new Scenario('kinesis', { pace }).open().page(stream([1]), { tip: false })
    expect(flow.after(199).out('read')).toEqual([])
    expect(flow.after(1).out('read')).toHaveLength(1)
  })

  // proves: stream.pace.behind
  it('goes on at five reads a second after 20 empty pages in a row that are still behind', () => {
    const flow = new Scenario('kinesis').open()
    for (let reads = 0; reads < 20; reads++) flow.page([], { tip: false })
    const pauses: number[] = []
    for (let reads = 0; reads < 50; reads++) {
      const fromMs = flow.page([], { tip: false }).nowMs
      while (flow.out('read').length === 0) flow.after(1)
      pauses.push(flow.nowMs - fromMs)
    }
    expect(new Set(pauses)).toEqual(new Set([200]))
    // A record, and it is at full speed again.
    expect(flow.page(stream([1]), { tip: false }).out('read')).toHaveLength(1)
  })

  // proves: stream.pace.idle
  it('looks ever less often at a shard of which nothing comes, and as before with the first record', () => {
    const pace = { readIntervalMs: 0, tipMsMin: 10, tipMsMax: 20, idleMs: 250 }
    const flow = new Scenario('kinesis', { pace }).open()
    const pauseAfter = (records: ReturnType<typeof stream>): number => {
      const fromMs = flow.page(records).nowMs
      while (flow.out('read').length === 0) flow.after(1)
      return flow.nowMs - fromMs
    }
    const pausesFor = (ms: number): Set<number> => {
      const found = new Set<number>()
      for (const untilMs = flow.nowMs + ms; flow.nowMs < untilMs;) found.add(pauseAfter([]))
      return found
    }
    expect(pauseAfter([])).toBe(10)
    expect(pausesFor(10_000)).toEqual(new Set([20]))
    expect(pausesFor(50_000)).toEqual(new Set([100]))
    expect(pausesFor(3_600_000)).toEqual(new Set([250]))
    expect(pauseAfter(stream([1]))).toBe(10)
    expect(pausesFor(9_990)).toEqual(new Set([10, 20]))
    expect(pausesFor(100)).toEqual(new Set([100]))
  })

  it.each([
    [20, 20, 20],
    [150, 100, 150],
    [1_000, 100, 1_000],
  ])('an idle pace of %d ms is one of %d ms after ten seconds and of %d ms after a minute', (idleMs, soon, late) => {
    const pace = { readIntervalMs: 0, tipMsMin: 10, tipMsMax: 20, idleMs }
    const flow = new Scenario('kinesis', { pace }).open().page([]).after(10_000).page([])
    expect(flow.after(soon - 1).out('read')).toEqual([])
    expect(flow.after(1).out('read')).toHaveLength(1)
    flow.after(50_000).page([])
    expect(flow.after(late - 1).out('read')).toEqual([])
    expect(flow.after(1).out('read')).toHaveLength(1)
  })

  it('a pause at the tip that is longer for the number of shards stays as long', () => {
    const pace = { readIntervalMs: 0, tipMsMin: 1_000, tipMsMax: 1_000, idleMs: 250 }
    const flow = new Scenario('kinesis', { pace }).open().page([]).after(60_000).page([])
    expect(flow.after(999).out('read')).toEqual([])
    expect(flow.after(1).out('read')).toHaveLength(1)
  })

  it('backs off at the tip from 10 to 200 ms and is quick again after a record', () => {
    const flow = new Scenario('kinesis').open()
    const pauses: number[] = []
    for (let reads = 0; reads < 7; reads++) {
      const fromMs = flow.page([]).nowMs
      while (flow.out('read').length === 0) flow.after(1)
      pauses.push(flow.nowMs - fromMs)
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 200, 200])
    flow.page(stream([1]))
    while (flow.out('read').length === 0) flow.after(1)
    expect(flow.nowMs).toBe(pauses.reduce((sum, pause) => sum + pause, 0) + 10)
  })

  it('waits longer after every failed read and says so', () => {
    const flow = new Scenario('kinesis').open()
    for (let reads = 0; reads < 6; reads++) {
      flow.reads({ kind: 'failed', message: 'down' })
      flow.after(flow.said('sourceTrouble').at(-1)?.retryMs ?? 0)
    }
    expect(flow.said('sourceTrouble').map(({ retryMs }) => retryMs)).toEqual([110, 210, 410, 810, 1_610, 2_510])
    expect(flow.page([]).said('sourceHealthy')).toHaveLength(1)
  })

  it('stops reading at its cap and goes on below it', () => {
    const flow = new Scenario('kinesis', { heldRecordsMax: 2 }).open().page(stream([1, 2]), { tip: false })
    expect(flow.out('read')).toEqual([])
    expect(flow.permit().invoked(ok).out('read')).toHaveLength(1)
  })

  it('may always hold one read, also while the process holds too much', () => {
    const flow = new Scenario('kinesis').allow(0).open()
    flow.page(stream([1]), { tip: false }).after(1_000)
    expect(flow.said('read')).toHaveLength(1)
    flow.permit().invoked(ok)
    expect(flow.said('read')).toHaveLength(2)
  })

  it('says how much room it lacks, and reads on when it has it', () => {
    const flow = new Scenario('kinesis')
      .allow(10_000)
      .open()
      .page(stream([1], { bytes: 5_000 }), { tip: false })
    expect(flow.out('read')).toEqual([])
    expect(flow.state.missingBytes).toBeGreaterThan(5_000)
    expect(flow.allow(100_000).after(1).out('read')).toMatchObject([{ recordsMax: 17 }])
    expect(flow.state.missingBytes).toBe(0)
  })

  it('keeps of what is resolved behind a blocked record its place alone, and reads on far behind it', () => {
    const flow = new Scenario('kinesis', { slots: 2, batchSize: 1_000, heldRecordsMax: 10_000 }).open()
    const [blocked, ...others] = stream([1, ...Array.from({ length: 999 }, (_, index) => index + 2)], { bytes: 2_000 })
    flow.page([{ ...blocked!, orderHash: 1 }, ...others.map((record) => ({ ...record, orderHash: 0 }))], { tip: false })
    flow.permit().permit()
    flow.invoked(ok).invoked({ kind: 'notRun', reason: 'throttled', message: 'later' })
    for (let round = 1; round <= 40; round += 1) {
      const ids = Array.from({ length: 1_000 }, (_, index) => round * 1_000 + index + 1)
      flow
        .page(stream(ids, { bytes: 2_000, orderHash: 0 }), { tip: false })
        .permit()
        .invoked(ok)
      while (flow.out('checkpoint').length > 0) flow.checkpointed()
    }
    const shard = flow.state.part
    if (shard.kind !== 'shard') throw new Error('it is a shard')
    expect(shard.entries.length).toBeLessThan(300)
    expect(JSON.stringify(shard.entries).length).toBeLessThan(100_000)
    const { completed } = flow.said('checkpoint').at(-1)!.checkpoint
    expect(completed).toEqual([{ first: '2', last: '41000' }])
  })

  // proves: stream.factor.blocked
  it('reads on behind a blocked slot for ten times the usual number of records, and no further', () => {
    const flow = new Scenario('kinesis', { slots: 2, heldRecordsMax: 2 }).open()
    for (let id = 1; id <= 20; id += 1) flow.page(stream([id], { orderHash: 1 }), { tip: false })
    expect(flow.out('read')).toEqual([])
    expect(flow.state.heldRecords).toBe(20)
  })

  it('calls only what stays a trouble: neither a lost position nor the first iterator that ran out', () => {
    const flow = new Scenario('kinesis').open().page(stream([1]), { tip: false })
    flow.reads({ kind: 'trimmed', message: 'gone' }).after(1).page([])
    flow.after(200).reads({ kind: 'expired', message: 'too old' })
    expect(flow.said('sourceTrouble')).toEqual([])
    flow.after(1).reads({ kind: 'expired', message: 'too old again' })
    expect(flow.said('sourceTrouble')).toMatchObject([{ trouble: 'expired', message: 'too old again' }])
  })

  it('ends with a last checkpoint once everything is resolved, and at once when that was written before', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream([1]), { end: true })
      .run(() => ok)
    expect(flow.commands.slice(-2)).toMatchObject([
      { kind: 'checkpoint', checkpoint: { done: true } },
      { kind: 'finished' },
    ])
    const again = new Scenario('kinesis').open(saved({ watermark: '1', done: true }))
    expect(again.out('read')).toEqual([])
    expect(again.run(() => ok).said('finished')).toHaveLength(1)
  })

  // Found by seed 265053514.
  it('ends once, as finished, when it is told to end while its last checkpoint is written', () => {
    const flow = new Scenario('kinesis')
      .open()
      .page(stream([1]), { end: true })
      .permit()
      .invoked(ok)
    flow.tell({ kind: 'draining', reason: 'delete' }).checkpointed()
    expect(flow.commands.slice(-1)).toEqual([{ kind: 'finished' }])
    expect(flow.said('drained')).toEqual([])
  })

  it('drains: no read, no new attempt, the one that is out counts, then the last checkpoint', () => {
    const flow = new Scenario('kinesis', { batchSize: 1 })
      .open()
      .page(stream([1, 2]))
      .permit()
    flow.tell({ kind: 'draining', reason: 'stop' }).invoked(ok)
    expect(flow.out('permit')).toEqual([])
    expect(flow.lastCheckpoint()).toMatchObject({ watermark: '1' })
    expect(flow.checkpointed().said('drained')).toHaveLength(1)
  })

  it('that is gone from its source finishes what was read of it, and ends without being done', () => {
    const flow = new Scenario('kinesis', { batchSize: 1, windowMs: 300_000 })
      .open()
      .page(stream([1, 2]), { tip: false })
    flow.permit().tell({ kind: 'shardGone', incarnation: 'life-1' })
    expect(flow.said('cancel')).toHaveLength(1)
    const [read] = flow.out('read')
    if (read !== undefined) flow.answer(read, { kind: 'cancelled', id: read.id })
    flow.invoked(thrown).run(() => ok)
    expect(flow.invocations()).toEqual([['1'], ['1'], ['2']])
    expect(flow.lastCheckpoint()).toMatchObject({ watermark: '2', done: false })
    expect(flow.said('drained')).toHaveLength(1)
    expect(flow.said('finished')).toEqual([])
    expect(flow.said('read')).toHaveLength(2)
    expect(flow.said('positionLost')).toEqual([])
  })

  it('that is gone from its source counts what a drain leaves undone: nobody can read it again', () => {
    const flow = new Scenario('kinesis', { batchSize: 2 }).open().page(stream([1, 2, 3]), { tip: false })
    flow.permit().tell({ kind: 'shardGone', incarnation: 'life-1' }).tell({ kind: 'draining', reason: 'disable' })
    for (const read of flow.out('read')) flow.answer(read, { kind: 'cancelled', id: read.id })
    flow.invoked(reported(1)).checkpointed()
    expect(flow.said('dropped')).toMatchObject([
      { kind: 'dropped', records: [{ id: '2' }, { id: '3' }], reason: 'retention' },
    ])
    expect(flow.said('drained')).toHaveLength(1)
  })

  it('that is gone with the life of its stream has lost its position, and that is told once', () => {
    const unaware = new Scenario('kinesis').open().page(stream([1]))
    unaware.tell({ kind: 'shardGone', incarnation: 'life-2' }).run(() => ok)
    expect(unaware.said('positionLost')).toMatchObject([{ reason: 'recreated' }])
    expect(unaware.invocations()).toEqual([['1']])
    const told = new Scenario('kinesis').open()
    told
      .reads({ kind: 'recreated', incarnation: 'life-2', message: '' })
      .tell({ kind: 'shardGone', incarnation: 'life-2' })
    expect(told.said('positionLost')).toHaveLength(1)
  })

  it('that is gone from its source sends off what waits for its window', () => {
    const flow = new Scenario('kinesis', { windowMs: 300_000 }).open().page(stream([1]))
    flow.tell({ kind: 'shardGone', incarnation: 'life-1' }).permit()
    expect(flow.invocations()).toEqual([['1']])
  })

  it('forgets everything when its write is refused: somebody else owns the shard', () => {
    const flow = new Scenario('kinesis').open().page(stream([1, 2], { matched: false }))
    const [checkpoint] = flow.out('checkpoint')
    if (checkpoint === undefined) throw new Error('no checkpoint')
    flow.answer(checkpoint, { kind: 'fenced', id: checkpoint.id })
    expect(flow.said('invoke')).toEqual([])
    expect(flow.said('drained')).toHaveLength(1)
  })
})
