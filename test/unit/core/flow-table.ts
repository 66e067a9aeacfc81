import { expect } from 'vitest'
import type { FlowEvent } from '../../../src/core/flow/messages.ts'
import type { FlowPhase } from '../../../src/core/flow/state.ts'
import { messages, ok, Scenario, stream, throttled, thrown } from './scenario.ts'

/** What an event does to a flow in a phase: in the words of SPEC.md, and seen. */
export interface Cell {
  readonly words: string
  readonly see: () => void
}

type Kind = FlowEvent['kind']

/** Every event in every phase. One that is missing here does not compile. */
export type FlowTable = Readonly<Record<FlowPhase, Readonly<Record<Kind, Cell>>>>

// ---- Flows in their phases

const queue = (): Scenario => new Scenario('sqs').open()
const shard = (): Scenario => new Scenario('kinesis').open()
const isBatchOut = (flow: Scenario): Scenario => flow.permit()
const extending = (): Scenario =>
  new Scenario('sqs', { extendsReceipts: true, visibilityMs: 30_000 }).open().page(messages([1, 2]))
const queueWithBatch = (): Scenario => queue().page(messages([1, 2]))
const shardWithBatch = (changes = {}): Scenario => new Scenario('kinesis', changes).open().page(stream([1, 2]))
const stopping = { kind: 'draining', reason: 'stop' } as const
const lost = { kind: 'leaseLost' } as const

function drained(flow: Scenario): Scenario {
  while (flow.out('read').length > 0) flow.reads({ kind: 'failed', message: 'given up' })
  while (flow.out('checkpoint').length > 0) flow.checkpointed()
  return flow
}

/** The answer to what was asked, whatever that was. */
function answerTo(kind: Kind, id: number): FlowEvent {
  const answers: { readonly [K in Kind]?: FlowEvent } = {
    readDone: { kind: 'readDone', id, result: { kind: 'records', records: [], end: false, tip: true } },
    permitted: { kind: 'permitted', id },
    invoked: { kind: 'invoked', id, outcome: ok },
    settled: { kind: 'settled', id, failed: [] },
    released: { kind: 'released', id },
    extended: { kind: 'extended', id, failed: [] },
    looked: { kind: 'looked', id, answer: 'answers' },
    discarded: { kind: 'discarded', id, fate: 'delivered' },
    checkpointed: { kind: 'checkpointed', id },
    fenced: { kind: 'fenced', id },
    cancelled: { kind: 'cancelled', id },
  }
  const answer = answers[kind]
  if (answer === undefined) throw new Error(`${kind} answers nothing`)
  return answer
}

// ---- Cells that several events share

const unasked = (kind: Kind): Cell => ({
  words: '–',
  see: () => expect(() => new Scenario('sqs').tell(answerTo(kind, 1))).toThrow('an answer to nothing'),
})

const over = (event: FlowEvent): Cell => ({
  words: 'assertion',
  see: () => {
    const flow = drained(queue().tell(stopping))
    expect(flow.state.phase).toBe('ended')
    expect(() => flow.tell(event)).toThrow('nothing happens to a flow that has ended')
  },
})

const overWith = (kind: Kind): Cell => over(answerTo(kind, 1))

function commandsOf(flow: Scenario, act: (flow: Scenario) => unknown): readonly string[] {
  const before = flow.commands.length
  act(flow)
  return flow.commands.slice(before).map(({ kind }) => kind)
}

// ---- The phases

const opening: FlowTable['opening'] = {
  opened: {
    words: 'load checkpoint → running',
    see: () => {
      const flow = shard()
      expect(flow.state.phase).toBe('running')
      expect(flow.out('read')).toHaveLength(1)
    },
  },
  readDone: unasked('readDone'),
  permitted: unasked('permitted'),
  invoked: unasked('invoked'),
  settled: unasked('settled'),
  released: unasked('released'),
  extended: unasked('extended'),
  looked: unasked('looked'),
  discarded: unasked('discarded'),
  checkpointed: unasked('checkpointed'),
  fenced: unasked('fenced'),
  cancelled: unasked('cancelled'),
  timer: {
    words: 'nothing',
    see: () => expect(commandsOf(new Scenario('sqs'), (flow) => flow.tell({ kind: 'timer' }))).toEqual([]),
  },
  configured: {
    words: 'noted',
    see: () => {
      const flow = new Scenario('kinesis')
      expect(commandsOf(flow, () => flow.configure({ batchSize: 1 }))).toEqual([])
      expect(
        flow
          .open()
          .page(stream([1, 2]))
          .out('permit'),
      ).toHaveLength(1)
      expect(flow.permit().invocations()).toEqual([['1']])
    },
  },
  draining: {
    words: '→ ended at once',
    see: () => expect(commandsOf(new Scenario('sqs'), (flow) => flow.tell(stopping))).toEqual(['drained']),
  },
  leaseLost: {
    words: '→ ended at once',
    see: () => expect(commandsOf(new Scenario('sqs'), (flow) => flow.tell(lost))).toEqual(['drained']),
  },
  shardGone: {
    words: 'noted: nothing is read',
    see: () => {
      const flow = new Scenario('kinesis').tell({ kind: 'shardGone', incarnation: 'life-1' }).open()
      expect(flow.said('read')).toEqual([])
    },
  },
}

const running: FlowTable['running'] = {
  opened: { words: 'assertion', see: () => expect(() => shard().open()).toThrow('a flow is opened once') },
  readDone: {
    words: 'records into the gather, or into slots and ledger; else paced, a lost position → horizon',
    see: () => {
      expect(queueWithBatch().out('permit')).toHaveLength(1)
      expect(shardWithBatch().state.heldRecords).toBe(2)
      const flow = shard().reads({ kind: 'trimmed', message: 'gone' }).after(1_000)
      expect(flow.said('positionLost')).toHaveLength(1)
      expect(flow.out('read')).toMatchObject([{ from: { at: 'horizon' } }])
    },
  },
  permitted: {
    words: 'cut out what expired or aged; invoke, or giveBack',
    see: () => {
      expect(queueWithBatch().permit().invocations()).toEqual([['1', '2']])
      const flow = shardWithBatch({ recordAgeMsMax: 1_000 })
      flow.nowMs += 5_000
      expect(commandsOf(flow, () => flow.permit())).toEqual(['discard', 'giveBack', 'read'])
    },
  },
  invoked: {
    words: 'see SPEC §2 and SPEC §3',
    see: () => {
      expect(commandsOf(isBatchOut(queueWithBatch()), (flow) => flow.invoked(ok))).toContain('settle')
      expect(commandsOf(isBatchOut(shardWithBatch()), (flow) => flow.invoked(ok))).toContain('checkpoint')
      expect(isBatchOut(shardWithBatch()).invoked(thrown).said('attemptFailed')).toMatchObject([
        { next: { kind: 'retry' } },
      ])
    },
  },
  settled: {
    words: 'refused entries tried again one by one',
    see: () => {
      const flow = isBatchOut(queueWithBatch()).invoked(ok).settled([1])
      expect(flow.after(100).out('settle')).toMatchObject([{ attempt: 2, records: [{ id: '2' }] }])
    },
  },
  released: {
    words: 'nothing: they are the queue has them again',
    see: () => {
      const flow = new Scenario('sqs', { visibilityMs: 30_000, timeoutMs: 20_000 }).open().page(messages([1]))
      flow.nowMs += 12_000
      const [release] = flow.permit().out('release')
      if (release === undefined) throw new Error('no release is out')
      flow.answer(release, { kind: 'released', id: release.id })
      expect([flow.state.phase, flow.state.heldRecords]).toEqual(['running', 0])
    },
  },
  extended: {
    words: 'SPEC §2, Extension',
    see: () => {
      const flow = isBatchOut(extending()).after(15_000).extended()
      expect(flow.after(15_000).out('extend')).toHaveLength(1)
    },
  },
  looked: {
    words: 'SPEC §2, Outage',
    see: () => {
      const flow = isBatchOut(queueWithBatch())
      flow.invoked({ kind: 'notRun', reason: 'unreachable', message: 'no connection' }).after(250)
      const [look] = flow.out('look')
      if (look === undefined) throw new Error('no look is out')
      expect(flow.answer(look, { kind: 'looked', id: look.id, answer: 'answers' }).out('permit')).toHaveLength(1)
    },
  },
  discarded: {
    words: 'resolved or counted as dropped; the flight goes on',
    see: () => {
      const flow = isBatchOut(shardWithBatch({ retryAttemptsMax: 0 })).invoked(thrown)
      expect(commandsOf(flow, () => flow.discarded('undestined'))).toContain('dropped')
      expect(flow.state.heldRecords).toBe(0)
    },
  },
  checkpointed: {
    words: 'next one if anything changed since',
    see: () => {
      const flow = isBatchOut(shardWithBatch({ batchSize: 1 })).invoked(ok)
      flow.permit().invoked(ok)
      expect(flow.out('checkpoint')).toHaveLength(1)
      expect(flow.checkpointed().out('checkpoint')).toMatchObject([{ checkpoint: { watermark: '2' } }])
    },
  },
  fenced: {
    words: 'everything dropped → draining',
    see: () => {
      const flow = isBatchOut(shardWithBatch()).invoked(ok).after(1_000)
      const [checkpoint] = flow.out('checkpoint')
      if (checkpoint === undefined) throw new Error('no checkpoint is out')
      flow.answer(checkpoint, { kind: 'fenced', id: checkpoint.id })
      expect([flow.state.phase, flow.state.heldRecords]).toEqual(['draining', 0])
    },
  },
  cancelled: {
    words: 'id forgotten',
    see: () => {
      const flow = queue()
      const [read] = flow.out('read')
      if (read === undefined) throw new Error('no read is out')
      flow.answer(read, { kind: 'cancelled', id: read.id })
      expect(flow.state.pending.has(read.id)).toBe(false)
    },
  },
  timer: {
    words: 'what is due',
    see: () => {
      const flow = new Scenario('sqs', { windowMs: 1_000 }).open().page(messages([1]))
      expect(flow.out('permit')).toEqual([])
      expect(flow.after(1_000).out('permit')).toHaveLength(1)
    },
  },
  configured: {
    words: 'SPEC §4',
    see: () => {
      const flow = shardWithBatch({ batchSize: 10 }).configure({ batchSize: 1 })
      expect(flow.said('cancel')).toHaveLength(1)
      expect(flow.permit().permit().invocations()).toEqual([['1']])
    },
  },
  draining: {
    words: 'SPEC §4 → draining',
    see: () => {
      const flow = queueWithBatch().tell(stopping)
      expect(flow.state.phase).toBe('draining')
      expect(flow.out('release')).toMatchObject([{ records: [{ id: '1' }, { id: '2' }] }])
      expect(shardWithBatch().tell(stopping).out('release')).toEqual([])
    },
  },
  leaseLost: {
    words: 'everything dropped → draining',
    see: () => {
      const flow = isBatchOut(queueWithBatch()).tell(lost)
      expect([flow.state.phase, flow.state.heldRecords, flow.out('settle')]).toEqual(['draining', 0, []])
    },
  },
  shardGone: {
    words: 'no more reads; → draining when nothing is held; of a queue an assertion',
    see: () => {
      const gone = { kind: 'shardGone', incarnation: 'life-1' } as const
      const flow = isBatchOut(shardWithBatch()).tell(gone)
      expect(flow.state.phase).toBe('running')
      flow.invoked(ok)
      expect(drained(flow).state.phase).toBe('ended')
      expect(() => queue().tell(gone)).toThrow('a queue was told that its shard is gone')
    },
  },
}

const draining: FlowTable['draining'] = {
  opened: {
    words: 'load checkpoint, nothing starts',
    see: () => {
      const flow = new Scenario('kinesis').tell({ kind: 'shardGone', incarnation: 'life-1' })
      expect(flow.open().said('read')).toEqual([])
    },
  },
  readDone: {
    words: 'queue: SPEC §4; shard: forgotten (read again some day)',
    see: () => {
      expect(
        queue()
          .tell(stopping)
          .page(messages([1]))
          .out('release'),
      ).toHaveLength(1)
      expect(
        shard()
          .tell(stopping)
          .page(stream([1])).state.heldRecords,
      ).toBe(0)
    },
  },
  permitted: {
    words: 'queue: SPEC §4; shard: giveBack',
    see: () => {
      const disabled = queueWithBatch().tell({ kind: 'draining', reason: 'disable' })
      expect(disabled.permit().invocations()).toEqual([['1', '2']])
      expect(commandsOf(shardWithBatch().tell(stopping), (flow) => flow.permit())).toContain('giveBack')
    },
  },
  invoked: {
    words: 'success: settle or resolve; failure: no further attempt',
    see: () => {
      expect(isBatchOut(queueWithBatch()).tell(stopping).invoked(ok).out('settle')).toHaveLength(1)
      const failed = isBatchOut(shardWithBatch()).tell(stopping).invoked(thrown)
      expect(failed.said('attemptFailed')).toMatchObject([{ next: { kind: 'drain' } }])
      expect(drained(failed).state.phase).toBe('ended')
    },
  },
  settled: {
    words: 'same; the drain waits for it',
    see: () => {
      const flow = isBatchOut(queueWithBatch()).invoked(ok).tell(stopping)
      expect(drained(flow).state.phase).toBe('draining')
      expect(flow.settled().state.phase).toBe('ended')
    },
  },
  released: {
    words: 'the drain waits for it',
    see: () => {
      const flow = drained(queueWithBatch().tell(stopping))
      for (const permit of flow.out('permit')) flow.answer(permit, { kind: 'cancelled', id: permit.id })
      expect(flow.state.phase).toBe('draining')
      const [release] = flow.out('release')
      if (release === undefined) throw new Error('no release is out')
      expect(flow.answer(release, { kind: 'released', id: release.id }).state.phase).toBe('ended')
    },
  },
  extended: {
    words: 'same; what waits for it is handed back',
    see: () => {
      const flow = isBatchOut(extending()).after(15_000).tell(stopping).invoked(throttled)
      expect(flow.out('release')).toEqual([])
      expect(flow.extended().out('release')).toHaveLength(1)
    },
  },
  looked: {
    words: 'nothing',
    see: () => {
      const flow = isBatchOut(queueWithBatch())
      flow.invoked({ kind: 'notRun', reason: 'unreachable', message: 'no connection' }).after(250).tell(stopping)
      const [look] = flow.out('look')
      if (look === undefined) throw new Error('no look is out')
      flow.answer(look, { kind: 'looked', id: look.id, answer: 'answers' })
      expect(flow.out('permit')).toEqual([])
    },
  },
  discarded: {
    words: 'same, the flight ends',
    see: () => {
      const flow = isBatchOut(shardWithBatch({ retryAttemptsMax: 0 }))
        .invoked(thrown)
        .tell(stopping)
      expect(drained(flow).state.phase).toBe('draining')
      expect(drained(flow.discarded()).state.phase).toBe('ended')
    },
  },
  checkpointed: {
    words: 'same; the drain waits for it',
    see: () => {
      const flow = isBatchOut(shardWithBatch()).invoked(ok).tell(stopping)
      while (flow.out('read').length > 0) flow.reads({ kind: 'failed', message: 'given up' })
      expect(flow.state.phase).toBe('draining')
      expect(flow.checkpointed().state.phase).toBe('ended')
    },
  },
  fenced: {
    words: 'everything dropped',
    see: () => {
      const flow = isBatchOut(shardWithBatch()).invoked(ok).tell(stopping)
      const [checkpoint] = flow.out('checkpoint')
      if (checkpoint === undefined) throw new Error('no checkpoint is out')
      flow.answer(checkpoint, { kind: 'fenced', id: checkpoint.id })
      expect([drained(flow).state.phase, flow.state.drainReason]).toEqual(['ended', 'leaseLost'])
    },
  },
  cancelled: {
    words: 'id forgotten; the drain waits for it',
    see: () => {
      const flow = queue().tell(stopping)
      const [read] = flow.out('read')
      if (read === undefined) throw new Error('no read is out')
      expect(flow.answer(read, { kind: 'cancelled', id: read.id }).state.phase).toBe('ended')
    },
  },
  timer: {
    words: 'settle retries that are due; queue: what may still start',
    see: () => {
      const flow = isBatchOut(queueWithBatch()).invoked(ok).tell(stopping).settled([0])
      expect(flow.out('settle')).toEqual([])
      expect(flow.after(100).out('settle')).toMatchObject([{ attempt: 2 }])
    },
  },
  configured: {
    words: 'queue: batches are laid out again; shard: nothing',
    see: () => {
      const disabled = queueWithBatch().tell({ kind: 'draining', reason: 'disable' }).configure({ batchSize: 1 })
      expect(disabled.out('permit').length).toBeGreaterThan(1)
      expect(
        commandsOf(isBatchOut(shardWithBatch()).tell(stopping), (flow) => flow.configure({ batchSize: 1 })),
      ).toEqual([])
    },
  },
  draining: {
    words: 'queue: the earlier end counts; else nothing',
    see: () => {
      expect(commandsOf(isBatchOut(shardWithBatch()).tell(stopping), (flow) => flow.tell(stopping))).toEqual([])
      const disabled = queueWithBatch().tell({ kind: 'draining', reason: 'disable' })
      expect(disabled.out('release')).toEqual([])
      expect(disabled.tell(stopping).out('release')).toHaveLength(1)
    },
  },
  leaseLost: {
    words: 'everything dropped',
    see: () => {
      const flow = isBatchOut(queueWithBatch()).tell(stopping).tell(lost)
      expect([flow.state.heldRecords, flow.state.drainReason]).toEqual([0, 'leaseLost'])
    },
  },
  shardGone: {
    words: 'noted; what is left is dropped',
    see: () => {
      const flow = isBatchOut(shardWithBatch()).tell(stopping).tell({ kind: 'shardGone', incarnation: 'life-1' })
      expect(drained(flow.invoked(thrown)).said('dropped')).toMatchObject([{ reason: 'retention' }])
    },
  },
}

export const flowTable: FlowTable = {
  opening,
  running,
  draining,
  ended: {
    opened: over({ kind: 'opened', checkpoint: null, incarnation: 'life-1' }),
    readDone: overWith('readDone'),
    permitted: overWith('permitted'),
    invoked: overWith('invoked'),
    settled: overWith('settled'),
    released: overWith('released'),
    extended: overWith('extended'),
    looked: overWith('looked'),
    discarded: overWith('discarded'),
    checkpointed: overWith('checkpointed'),
    fenced: overWith('fenced'),
    cancelled: overWith('cancelled'),
    timer: over({ kind: 'timer' }),
    configured: over({ kind: 'configured' }),
    draining: over(stopping),
    leaseLost: over(lost),
    shardGone: over({ kind: 'shardGone', incarnation: 'life-1' }),
  },
}
