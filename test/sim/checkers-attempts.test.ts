import { describe, expect, it } from 'vitest'
import type { WindowFrame } from '../../src/model/invocation.ts'
import { ages } from './checkers/ages.ts'
import { receipts } from './checkers/receipts.ts'
import { retries } from './checkers/retries.ts'
import { windows } from './checkers/windows.ts'
import type { Case, Story } from './checkers/story.ts'
import { failure, message, queue, record, reply, shard, told } from './checkers/story.ts'

/** A checker that cannot fail is worth nothing: each is shown what it must not let pass. */
const [r1, r2] = [record(1), record(2)]
const m1 = message(1)

const frame = (changes: Partial<WindowFrame> = {}): WindowFrame => ({
  startMs: 0,
  endMs: 1_000,
  state: '{}',
  isFinal: false,
  isTerminatedEarly: false,
  ...changes,
})

const cases: readonly Case[] = [
  {
    checker: receipts,
    wrong: 'a receipt that ran out and is used',
    story: () => told(queue().put(m1).opened().read(m1).after(25_000), (story) => story.invoke([m1])),
    says: /receipt ran out at 25000/,
  },
  {
    checker: receipts,
    wrong: 'a record that does not match the filter and is invoked',
    story: () => {
      const odd = record(1, { matched: false })
      return told(
        queue()
          .put(odd)
          .opened()
          .read({ ...odd, receipt: 'x' }),
        (story) => story.invoke([{ ...odd, receipt: 'x' }]),
      )
    },
    says: /does not match the filter/,
  },
  {
    checker: receipts,
    wrong: 'a failed message that is acknowledged',
    story: () =>
      told(queue().put(m1).opened().read(m1), (story) => {
        story.invoked(story.invoke([m1]), failure)
        story.command({ kind: 'settle', id: 1, records: [m1], why: 'succeeded', attempt: 1, last: false })
      }),
    says: /acknowledges r1/,
  },
  {
    checker: receipts,
    wrong: 'a record that is invoked while it is out already',
    story: () =>
      told(shard().put(r1).opened().read(r1), (story) => {
        story.invoke([r1])
        story.invoke([r1])
      }),
    says: /invokes r1, which is out/,
  },
  {
    checker: retries,
    wrong: 'an attempt too many',
    story: () =>
      told(shard({ retryAttemptsMax: 0 }).put(r1).opened().read(r1), (story) => {
        story.invoked(story.invoke([r1]), failure)
        story.command({
          kind: 'attemptFailed',
          records: [r1],
          attempt: 1,
          outcome: failure,
          next: { kind: 'retry', inMs: 1 },
        })
        story.invoke([r1], { attempt: 2 })
      }),
    says: /tried once more after 1 failures/,
  },
  {
    checker: retries,
    wrong: 'a batch given up before its retries are spent',
    story: () =>
      told(shard({ retryAttemptsMax: 2 }).put(r1).opened().read(r1), (story) => {
        story.invoked(story.invoke([r1]), failure)
        story.command({ kind: 'attemptFailed', records: [r1], attempt: 1, outcome: failure, next: { kind: 'split' } })
        story.command({
          kind: 'discard',
          id: 1,
          records: [r1],
          condition: 'RetryAttemptsExhausted',
          attempts: 3,
          reply,
          window: null,
        })
      }),
    says: /given up after 1 attempts/,
  },
  {
    checker: retries,
    wrong: 'a batch retried that should have been split',
    story: () =>
      told(shard({ bisect: true }).put(r1, r2).opened().read(r1, r2), (story) => {
        story.invoked(story.invoke([r1, r2]), failure)
        story.command({
          kind: 'attemptFailed',
          records: [r1, r2],
          attempt: 1,
          outcome: failure,
          next: { kind: 'retry', inMs: 1 },
        })
        story.invoke([r1, r2], { attempt: 2 })
      }),
    says: /retried, not split/,
  },
  {
    checker: retries,
    wrong: 'a failure that nobody is told of',
    story: () =>
      told(shard().put(r1).opened().read(r1), (story) =>
        story.invoked(story.invoke([r1]), failure).event({ kind: 'timer' }),
      ),
    says: /attemptFailed of \[r1\] was not told/,
  },
  {
    checker: retries,
    wrong: 'an undelivered discard that is not counted',
    story: () =>
      shard({ recordAgeMsMax: 0 })
        .put(r1)
        .opened()
        .read(r1)
        .command({
          kind: 'discard',
          id: 1,
          records: [r1],
          condition: 'RecordAgeExceeded',
          attempts: 1,
          reply: null,
          window: null,
        })
        .event({ kind: 'discarded', id: 1, fate: 'undeliverable' })
        .event({ kind: 'timer' }),
    says: /dropped 1 undeliverable was not told/,
  },
  {
    checker: retries,
    wrong: 'a record given up before its age',
    story: () =>
      shard({ recordAgeMsMax: 60_000 })
        .put(r1)
        .opened()
        .read(r1)
        .command({
          kind: 'discard',
          id: 1,
          records: [r1],
          condition: 'RecordAgeExceeded',
          attempts: 1,
          reply: null,
          window: null,
        }),
    says: /given up at the age of 0 ms/,
  },
  {
    checker: ages,
    wrong: 'a record past its age that is invoked',
    story: () =>
      told(shard({ recordAgeMsMax: 1_000 }).put(r1).opened().read(r1).after(1_001), (story) => story.invoke([r1])),
    says: /at the age of 1001 ms/,
  },
  {
    checker: receipts,
    wrong: 'a record that is said to match no longer, and does',
    story: () =>
      shard()
        .put(r1)
        .opened()
        .read(r1)
        .command({ kind: 'filtered', records: [r1] }),
    says: /r1 is said to match no longer, and does/,
  },
  {
    checker: receipts,
    wrong: 'a message that a function took and that counts as filtered',
    story: () =>
      told(queue().put(m1).opened().read(m1), (story) => {
        story.invoked(story.invoke([m1]), { kind: 'succeeded', reply, state: null })
        story.command({ kind: 'settle', id: 1, records: [m1], why: 'filtered', attempt: 1, last: false })
      }),
    says: /r1 matches and counts as filtered/,
  },
  {
    checker: windows,
    wrong: 'a window whose state was not handed on',
    story: () =>
      told(shard({ tumblingMs: 1_000 }).put(r1, r2).opened().read(r1, r2), (story) => {
        const state = { json: '{"seen":["r1"]}', bytes: 15 }
        story.invoked(story.invoke([r1], { window: frame() }), { kind: 'succeeded', reply, state })
        story.invoke([r2], { window: frame() })
      }),
    says: /state \{\} was handed on/,
  },
  {
    checker: windows,
    wrong: 'a window that begins before the last one got its final invocation',
    story: () =>
      told(shard({ tumblingMs: 1_000 }).put(r1, r2).opened().read(r1, r2), (story) => {
        const state = { json: '{"seen":["r1"]}', bytes: 15 }
        story.invoked(story.invoke([r1], { window: frame() }), { kind: 'succeeded', reply, state })
        story.invoke([r2], { window: frame({ startMs: 1_000, endMs: 2_000 }) })
      }),
    says: /begins before 0 got its final invocation/,
  },
  {
    checker: windows,
    wrong: 'a record of a later window',
    story: () => {
      const late = record(1, { arrivedMs: 1_000 })
      return told(shard({ tumblingMs: 1_000 }).put(late).opened().read(late), (story) =>
        story.invoke([late], { window: frame() }),
      )
    },
    says: /belongs to a later window/,
  },
  {
    checker: windows,
    wrong: 'a state over 1 MB with which the window goes on',
    story: () =>
      told(shard({ tumblingMs: 1_000 }).put(r1, r2).opened().read(r1, r2), (story) => {
        const state = { json: '{}', bytes: 1_048_577 }
        story.invoked(story.invoke([r1], { window: frame() }), { kind: 'succeeded', reply, state })
        story.invoke([r2], { window: frame() })
      }),
    says: /outgrew 1 MB/,
  },
  {
    checker: windows,
    wrong: 'a state written down without the progress that goes with it',
    story: () =>
      shard({ tumblingMs: 1_000 })
        .put(r1)
        .opened()
        .read(r1)
        .checkpoint({ window: { startMs: 0, endMs: 1_000, state: '{"seen":["r1"]}', phase: 'open' } }),
    says: /the state counts r1, the position does not/,
  },
  {
    checker: windows,
    wrong: 'a window that gets two final invocations',
    story: () => told(shard({ tumblingMs: 1_000 }).put(r1, r2).opened().read(r1, r2), closeTwice),
    says: /a second final invocation/,
  },
]

/** A final invocation, and another one of the same borders. */
function closeTwice(story: Story): void {
  const close = { window: frame({ isFinal: true }) }
  story.invoked(story.invoke([], close), { kind: 'succeeded', reply, state: null })
  story.invoke([], close)
}

describe('checkers of attempts, receipts, ages and windows', () => {
  it.each(cases)('catch $wrong', ({ checker, story, says }) => {
    expect(story().judged(checker())).toMatch(says)
  })

  // Found by seed 282373417: two updates of the filter while the deletion was refused.
  it('let a filtered message be deleted that matches again when the deletion is repeated', () => {
    const settle = { kind: 'settle', records: [m1], why: 'filtered', last: false } as const
    const story = queue().put(m1).opened().read(m1)
    story.event({ kind: 'configured', matches: () => false })
    story.command({ ...settle, id: 1, attempt: 1 }).event({ kind: 'settled', id: 1, failed: [0] })
    story.event({ kind: 'configured', matches: () => true }).command({ ...settle, id: 2, attempt: 2 })
    expect(story.judged(receipts())).toBeNull()
  })

  // Found by seed 265014678: the life that noticed the recreation was over before the old window was closed.
  it('let the window of a recreated stream close, and then the new stream its own of the same borders', () => {
    const window = { startMs: 0, endMs: 1_000, state: '{}', phase: 'closing' } as const
    const checkpoint = { incarnation: 'life-1', watermark: null, arrivedMs: null, completed: [], window, done: false }
    const story = shard({ tumblingMs: 1_000 }).opened(checkpoint)
    story.command({ kind: 'positionLost', reason: 'recreated', watermark: null })
    story.life = 2
    story.opened(checkpoint).read(r1)
    closeTwice(story)
    expect(story.judged(windows())).toBeNull()
  })
})
