import { describe, expect, it } from 'vitest'
import { noLoss } from './checkers/no-loss.ts'
import { order } from './checkers/order.ts'
import { progress } from './checkers/progress.ts'
import { protocol } from './checkers/protocol.ts'
import type { Case } from './checkers/story.ts'
import { failure, fifo, message, queue, record, shard, told } from './checkers/story.ts'

/** A checker that cannot fail is worth nothing: each is shown what it must not let pass. */
const [r1, r2] = [record(1), record(2)]
const [m1, m2] = [message(1), message(2)]

const cases: readonly Case[] = [
  {
    checker: protocol,
    wrong: 'an invocation without a permit',
    story: () =>
      shard()
        .put(r1)
        .opened()
        .read(r1)
        .command({ kind: 'invoke', id: 1, permit: 9, records: [r1], attempt: 1, window: null }),
    says: /without a granted permit/,
  },
  {
    checker: protocol,
    wrong: 'a permit that nobody uses or gives back',
    story: () =>
      shard().opened().command({ kind: 'permit', id: 1 }).event({ kind: 'permitted', id: 1 }).event({ kind: 'timer' }),
    says: /neither used nor given back/,
  },
  {
    checker: protocol,
    wrong: 'an id used twice',
    story: () =>
      shard()
        .opened()
        .command({ kind: 'permit', id: 1 })
        .event({ kind: 'cancelled', id: 1 })
        .command({ kind: 'permit', id: 1 }),
    says: /a second time/,
  },
  {
    checker: protocol,
    wrong: 'the end declared while something is out',
    story: () =>
      shard()
        .opened()
        .command({ kind: 'permit', id: 1 })
        .event({ kind: 'draining', reason: 'stop' })
        .command({ kind: 'drained' }),
    says: /drained while permit is out/,
  },
  {
    checker: protocol,
    wrong: 'a command after the end',
    story: () =>
      shard()
        .opened()
        .event({ kind: 'draining', reason: 'stop' })
        .command({ kind: 'drained' })
        .command({ kind: 'permit', id: 1 }),
    says: /after the end/,
  },
  {
    checker: protocol,
    wrong: 'two reads of one shard at once',
    story: () => {
      const read = {
        kind: 'read',
        recordsMax: 5,
        waitMs: 0,
        visibilityMs: null,
        from: { at: 'horizon' },
        repeats: null,
      } as const
      return shard()
        .opened()
        .command({ ...read, id: 1 })
        .command({ ...read, id: 2 })
    },
    says: /too many reads/,
  },
  {
    checker: protocol,
    wrong: 'the repetition of a read whose reply was not lost',
    story: () =>
      fifo()
        .opened()
        .command({ kind: 'read', id: 1, recordsMax: 5, waitMs: 0, visibilityMs: null, from: null, repeats: null })
        .event({ kind: 'readDone', id: 1, result: { kind: 'throttled', message: '' } })
        .command({ kind: 'read', id: 2, recordsMax: 5, waitMs: 0, visibilityMs: null, from: null, repeats: 1 }),
    says: /was not lost/,
  },
  {
    checker: noLoss,
    wrong: 'a record that nobody accounts for',
    story: () => shard().put(r1).opened().converged(),
    says: /r1 was neither acknowledged nor accounted for/,
  },
  {
    checker: noLoss,
    wrong: 'a message deleted that no function took',
    story: () => queue().put(m1).opened().gone(m1, 'deleted'),
    says: /no function took it/,
  },
  {
    checker: order,
    wrong: 'a later record of the shard before an earlier one',
    story: () => told(shard().put(r1, r2).opened().read(r1, r2), (story) => story.invoke([r2])),
    says: /while r1 before it is unresolved/,
  },
  {
    checker: order,
    wrong: 'records of a batch in the wrong order',
    story: () => told(shard().put(r1, r2).opened().read(r1, r2), (story) => story.invoke([r2, r1])),
    says: /unresolved|out of order/,
  },
  {
    checker: order,
    wrong: 'a failed record overtaken while it waits for its retry',
    story: () =>
      told(shard({ slots: 2 }).put(r1, r2).opened().read(r1, r2), (story) => {
        story.invoked(story.invoke([r1]), failure)
        story.invoke([r2])
      }),
    says: /while r1 before it is unresolved/,
  },
  {
    checker: order,
    wrong: 'a message invoked while an earlier one of its group is still in the queue',
    story: () =>
      told(fifo().put(m1, m2).opened().read(m1, m2), (story) => {
        story.invoked(story.invoke([m1]), failure)
        story.invoke([m2])
      }),
    says: /r2 overtakes r1 of its group/,
  },
  {
    checker: progress,
    wrong: 'a checkpoint that passes an unresolved record',
    story: () => shard().put(r1).opened().read(r1).checkpoint({ watermark: '1' }),
    says: /passes r1, which is held/,
  },
  {
    checker: progress,
    wrong: 'a completed range over a record that was never read',
    story: () =>
      shard()
        .put(r1, r2)
        .opened()
        .read(r1)
        .checkpoint({ completed: [{ first: '2', last: '2' }] }),
    says: /never read/,
  },
  {
    checker: progress,
    wrong: 'a watermark that moves back',
    story: () =>
      shard()
        .opened({ incarnation: 'life-1', watermark: '10', completed: [], window: null, done: false })
        .checkpoint({ watermark: '9' }),
    says: /moved back/,
  },
  {
    checker: progress,
    wrong: 'a stored watermark that moves back',
    story: () => shard().opened().written({ watermark: '10' }).written({ watermark: '9' }),
    says: /moved back/,
  },
  {
    checker: progress,
    wrong: 'a record invoked again that the checkpoint called done',
    story: () =>
      told(
        shard()
          .put(r1, r2)
          .opened({
            incarnation: 'life-1',
            watermark: null,
            completed: [{ first: '2', last: '2' }],
            window: null,
            done: false,
          }),
        (story) => story.read(r1, r2).invoke([r2]),
      ),
    says: /the checkpoint said it was done/,
  },
  {
    checker: progress,
    wrong: 'the end of a shard without its checkpoint',
    story: () => shard().opened().command({ kind: 'finished' }),
    says: /finished without a checkpoint/,
  },
]

describe('checkers of no record is lost, overtaken or passed, and every command is answered once', () => {
  it.each(cases)('catch $wrong', ({ checker, story, says }) => {
    expect(story().judged(checker())).toMatch(says)
  })
})
