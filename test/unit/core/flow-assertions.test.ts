import { describe, expect, it } from 'vitest'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import type { QueueState } from '../../../src/core/flow/queue/state.ts'
import type { ShardState } from '../../../src/core/flow/shard/state.ts'
import type { Flight, Unit } from '../../../src/core/flow/state.ts'
import type { SourceKind } from '../../../src/model/source.ts'
import { counted, messages, ok, reported, Scenario, stream, throttled, thrown } from './scenario.ts'

/**
 * SPEC §6: what one step can see of an invariant stops the flow. The state is spoiled by hand, since no event can do it. What not even a
 * spoiled state breaks, as the same step has just seen to it, is broken by a planted bug.
 */

function started(kind: SourceKind, changes: Partial<FlowConfig> = {}): Scenario {
  const flow = new Scenario(kind, { batchSize: 10, ...changes }).open()
  return kind === 'sqs' || kind === 'sqs-fifo' ? flow.page(messages([1, 2], 'a')) : flow.page(stream([1, 2]))
}

function flightOf({ state }: Scenario): Flight {
  const [flight] = state.flights.values()
  if (flight === undefined) throw new Error('no flight')
  return flight
}

function unitOf(flow: Scenario): Unit {
  const unit = flightOf(flow).units.at(-1)
  if (unit === undefined) throw new Error('no unit')
  return unit
}

function change<T extends object>(target: T, changes: { -readonly [K in keyof T]?: T[K] }): void {
  Object.assign(target, changes)
}

function queueOf({ state }: Scenario): QueueState {
  if (state.part.kind !== 'queue') throw new Error('no queue')
  return state.part
}

function shardOf({ state }: Scenario): ShardState {
  if (state.part.kind !== 'shard') throw new Error('no shard')
  return state.part
}

type Case = readonly [what: string, spoil: () => unknown]

const everyRecord: readonly Case[] = [
  [
    'a flow ends when its records have left its hands',
    () => {
      const flow = started('sqs').permit().invoked(ok)
      flow.state.heldRecords += 1
      return flow.settled().tell({ kind: 'draining', reason: 'delete' }).reads({ kind: 'failed', message: '' })
    },
  ],
  [
    'no more leaves our hands than came into them',
    () => {
      const flow = started('sqs').permit().invoked(ok)
      flow.state.heldRecords = 0
      return flow.settled()
    },
  ],
  ['every key has a slot', () => new Scenario('kinesis').open().page(stream([1], { orderHash: 0.5 }))],
  ['what failed is in the batch', () => started('sqs').permit().invoked(reported(2))],
  ['what failed is in the batch', () => started('kinesis').permit().invoked(reported(-1))],
  ['what was refused was to be acknowledged', () => started('sqs').permit().invoked(ok).settled([2])],
  [
    'what is acknowledged is in our hands',
    () => {
      const flow = started('sqs').permit()
      unitOf(flow).held.forEach((one) => (one.stage = 'done'))
      return flow.invoked(ok)
    },
  ],
]

const order: readonly Case[] = [
  [
    'a record is in one batch at a time',
    () => {
      const flow = started('kinesis', { windowMs: 1_000 })
      shardOf(flow).entries.forEach((one) => Object.assign(one, { stage: 'flying' }))
      return flow.after(1_000)
    },
  ],
  [
    'an attempt carries what is in its batch and nowhere else',
    () => {
      const flow = started('kinesis')
      unitOf(flow).held.forEach((one) => (one.stage = 'held'))
      return flow.permit()
    },
  ],
  [
    'a batch that lands was on its way in its slot',
    () => {
      const flow = started('kinesis').permit()
      change(flightOf(flow), { id: 99 })
      return flow.invoked(ok)
    },
  ],
  [
    'a batch takes off when its groups are free',
    () => {
      const flow = started('sqs-fifo', { scaling: { policy: 'eager', flightsMax: 5, receivesMax: 1 } })
      const queue = queueOf(flow)
      // Locked, and out of sight of the one who looks for it.
      queue.lockedGroups.get = () => 1
      Object.defineProperty(queue.lockedGroups, 'size', { value: 0 })
      return flow.page(messages([3], 'a'))
    },
  ],
  [
    'what locked a group is counted there',
    () => {
      const flow = started('sqs-fifo').permit().invoked(ok)
      queueOf(flow).lockedGroups.clear()
      return flow.settled()
    },
  ],
]

const progress: readonly Case[] = [
  [
    'nothing is asked for a flow that somebody else owns',
    () => {
      const flow = started('sqs', { windowMs: 1_000 })
      change(flow.state, { drainReason: 'leaseLost' })
      return flow.configure({}, () => false)
    },
  ],
  [
    'nothing is written of a shard after the word that it is done',
    () => {
      const flow = started('kinesis').permit()
      shardOf(flow).doneWritten = true
      return flow.invoked(ok)
    },
  ],
]

const limits: readonly Case[] = [
  [
    'a batch keeps to BatchSize and fits its event',
    () => {
      const flow = started('kinesis')
      flow.config = { ...flow.config, batchSize: 1 }
      return flow.permit()
    },
  ],
  [
    'a batch keeps to BatchSize and fits its event',
    () => {
      const flow = started('sqs')
      flow.config = { ...flow.config, batchBytesMax: 12 }
      return flow.permit()
    },
  ],
]

const attempts: readonly Case[] = [
  ['a flight on its way has a unit', () => emptied(started('sqs').permit()).invoked(ok)],
  ['a flight on its way has a unit', () => emptied(started('kinesis').permit()).invoked(thrown)],
  ['a flight on its way has a unit', () => emptied(started('sqs')).permit()],
  [
    'a permit that nobody wants any more is withdrawn',
    () => {
      const flow = started('sqs')
      flow.state.flights.clear()
      return flow.permit()
    },
  ],
  [
    'a permit is granted to a flight that waits for one',
    () => {
      const flow = started('kinesis')
      change(flightOf(flow), { phase: 'waiting', dueMs: 1_000 })
      return flow.permit()
    },
  ],
  [
    'an attempt that is answered was out',
    () => {
      const flow = started('sqs').permit()
      change(flightOf(flow), { phase: 'waiting', dueMs: 1_000 })
      return flow.invoked(ok)
    },
  ],
  [
    'a flight waits for each of its discards',
    () => {
      const flow = started('kinesis', { retryAttemptsMax: 0 }).permit().invoked(thrown)
      flightOf(flow).discards = 0
      return flow.discarded()
    },
  ],
  [
    'a flight asks for one permit at a time',
    () => {
      const flow = started('kinesis', { recordAgeMsMax: 1_000 }).permit().invoked(thrown)
      unitOf(flow).held.forEach(({ record }, index) => change(record, { arrivedMs: index * 10_000 }))
      flow.after(5_000)
      change(flightOf(flow), { phase: 'permit' })
      return flow.discarded()
    },
  ],
]

const pauses: readonly Case[] = [
  [
    'nothing is tried again without a pause',
    () => {
      const flow = started('sqs').permit()
      flow.jitter = () => Number.NaN
      return flow.invoked(throttled)
    },
  ],
]

const windows: readonly Case[] = [
  [
    'a final invocation carries no records, and no other does so',
    () => {
      const flow = started('kinesis')
      change(unitOf(flow), { held: [] })
      return flow.permit()
    },
  ],
  [
    'a final invocation comes when its window owes one, and before anything else',
    () => {
      const flow = closing()
      shardOf(flow).window = null
      return flow.permit()
    },
  ],
  [
    'a final invocation comes when its window owes one, and before anything else',
    () => {
      const flow = closing()
      change(shardOf(flow).window ?? {}, { phase: 'open' })
      return flow.permit()
    },
  ],
  [
    'a window that ends was closing',
    () => {
      const flow = closing().permit()
      shardOf(flow).window = null
      return flow.invoked(ok)
    },
  ],
]

/** Waits for the permit of the final invocation. */
function closing(): Scenario {
  const flow = new Scenario('kinesis', { tumblingMs: 1_000 }).open().page(stream([1]), { end: true })
  flow.after(1_000).permit().invoked(counted('{}'))
  expect(unitOf(flow).final).toBe(true)
  return flow
}

const once: readonly Case[] = [
  ['a flow is opened once', () => new Scenario('sqs').open().open()],
  ['an answer to nothing: settled 99', () => new Scenario('sqs').open().tell({ kind: 'settled', id: 99, failed: [] })],
  ['a read was answered as a permit', () => new Scenario('sqs').open().tell({ kind: 'permitted', id: 1 })],
  [
    'a queue was answered as a shard: checkpointed',
    () => new Scenario('sqs').open().tell({ kind: 'checkpointed', id: 1 }),
  ],
  [
    'a shard was answered as a queue: looked',
    () => new Scenario('kinesis').open().tell({ kind: 'looked', id: 1, answer: 'answers' }),
  ],
  [
    'a queue was told that its shard is gone',
    () => new Scenario('sqs').open().tell({ kind: 'shardGone', incarnation: 'life-2' }),
  ],
  [
    'nothing happens to a flow that has ended: timer',
    () => new Scenario('sqs').tell({ kind: 'draining', reason: 'stop' }).after(1),
  ],
]

function emptied(flow: Scenario): Scenario {
  flightOf(flow).units.length = 0
  return flow
}

describe.each([
  ['I1', everyRecord],
  ['I2', order],
  ['I3', progress],
  ['I4', limits],
  ['I7', pauses],
  ['I8: answers', once],
  ['I8: flights', attempts],
  ['I12', windows],
])('%s', (_invariant, cases) => {
  it.each(cases)('%s', (what, spoil) => {
    expect(spoil).toThrow(expect.objectContaining({ name: 'FlowAssertion', message: what }))
  })
})
