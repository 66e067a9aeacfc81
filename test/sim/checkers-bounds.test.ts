import { describe, expect, it } from 'vitest'
import { bounded } from './checkers/bounded.ts'
import { idle } from './checkers/idle.ts'
import { isolation } from './checkers/isolation.ts'
import { limits } from './checkers/limits.ts'
import { pauses } from './checkers/pauses.ts'
import { politeness } from './checkers/politeness.ts'
import type { Case, Story } from './checkers/story.ts'
import { failure, message, queue, record, reply, shard, success, terms, told } from './checkers/story.ts'

/** A checker that cannot fail is worth nothing: each is shown what it must not let pass. */
const [r1, r2] = [record(1), record(2)]
const [m1, m2] = [message(1), message(2)]

const quiet = (ms: number): Story => shard().opened().read().after(ms).read()

const cases: readonly Case[] = [
  {
    checker: () => idle(terms),
    wrong: 'a look too soon at a shard of which nothing came for ten seconds',
    story: () => quiet(10_000).after(99).read(),
    says: /after 99 ms, though nothing came for 10000/,
  },
  {
    checker: () => idle(terms),
    wrong: 'a look too soon after a minute',
    story: () => quiet(60_000).after(249).read(),
    says: /after 249 ms, though nothing came for 60000/,
  },
  {
    checker: () => idle(terms),
    wrong: 'a look too late after a record that ends a silence',
    story: () => told(quiet(60_000).after(250), (story) => story.put(r1).read(r1).after(250).read()),
    says: /slept for 245 ms after a record, not for 10/,
  },
  {
    checker: () => limits(terms),
    wrong: 'a batch over BatchSize',
    story: () => told(shard({ batchSize: 1 }).put(r1, r2).opened().read(r1, r2), (story) => story.invoke([r1, r2])),
    says: /more than BatchSize 1/,
  },
  {
    checker: () => limits(terms),
    wrong: 'a batch over its bytes, commas included',
    story: () =>
      told(shard({ batchBytesMax: 20 }).put(r1, r2).opened().read(r1, r2), (story) => story.invoke([r1, r2])),
    says: /weighs 21 bytes/,
  },
  {
    checker: () => limits(terms),
    wrong: 'more invocations at once than allowed',
    story: () =>
      told(
        queue({ scaling: { policy: 'eager', flightsMax: 1, receivesMax: 1 } })
          .put(m1, m2)
          .opened()
          .read(m1, m2),
        (story) => {
          story.invoke([m1])
          story.invoke([m2])
        },
      ),
    says: /invocation number 2 at once/,
  },
  {
    checker: () => limits(terms),
    wrong: 'a message that waits beyond its window while nothing runs',
    story: () => queue({ windowMs: 100 }).put(m1).opened().read(m1).after(200).event({ kind: 'timer' }),
    says: /the flow is idle/,
  },
  {
    checker: () => limits(terms),
    wrong: 'a record that waits in a free slot',
    story: () => shard({ windowMs: 100 }).put(r1).opened().read(r1).after(200).event({ kind: 'timer' }),
    says: /waits in slot 0/,
  },
  {
    checker: () => limits(terms),
    wrong: 'a record that is too old and waits for its window',
    story: () =>
      shard({ windowMs: 60_000, recordAgeMsMax: 1_000 })
        .put(r1)
        .opened()
        .read(r1)
        .after(10_000)
        .event({ kind: 'timer' })
        .after(10)
        .event({ kind: 'timer' }),
    says: /waits in slot 0/,
  },
  {
    checker: () => isolation(terms),
    wrong: 'a healthy record given up together with poison',
    story: () =>
      shard({ bisect: true, retryAttemptsMax: 0 })
        .putWith(r1, { poison: true })
        .put(r2)
        .opened()
        .read(r1, r2)
        .command({
          kind: 'discard',
          id: 1,
          records: [r1, r2],
          condition: 'RetryAttemptsExhausted',
          attempts: 1,
          reply,
          window: null,
        }),
    says: /r2 is no poison/,
  },
  {
    checker: () => politeness(terms),
    wrong: 'a read after the drain has begun',
    story: () => shard().opened().event({ kind: 'draining', reason: 'stop' }).read(r1),
    says: /read while draining/,
  },
  {
    checker: () => politeness(terms),
    wrong: 'a new attempt after the drain has begun',
    story: () =>
      told(shard().put(r1).opened().read(r1).event({ kind: 'draining', reason: 'stop' }), (story) =>
        story.invoke([r1]),
      ),
    says: /permit while draining/,
  },
  {
    checker: () => politeness(terms),
    wrong: 'a drain that keeps messages nobody has tried',
    story: () =>
      queue().put(m1).opened().read(m1).event({ kind: 'draining', reason: 'stop' }).command({ kind: 'drained' }),
    says: /drained and kept r1/,
  },
  {
    checker: () => politeness(terms),
    wrong: 'a success that a drain does not acknowledge',
    story: () =>
      told(queue().put(m1).opened().read(m1), (story) => {
        const id = story.invoke([m1])
        story.event({ kind: 'draining', reason: 'stop' }).invoked(id, success).command({ kind: 'drained' })
      }),
    says: /without acknowledging r1/,
  },
  {
    checker: () => politeness(terms),
    wrong: 'messages handed back without a drain',
    story: () =>
      queue()
        .put(m1)
        .opened()
        .read(m1)
        .command({ kind: 'release', id: 1, records: [m1] }),
    says: /although there is time/,
  },
  {
    checker: () => politeness(terms),
    wrong: 'a failed message handed back at once',
    story: () =>
      told(queue().put(m1).opened().read(m1), (story) => {
        story.invoked(story.invoke([m1]), failure).event({ kind: 'draining', reason: 'stop' })
        story.command({ kind: 'release', id: 1, records: [m1] })
      }),
    says: /has failed it/,
  },
  {
    checker: () => politeness(terms),
    wrong: 'a drain without end',
    story: () => shard().opened().event({ kind: 'draining', reason: 'stop' }).after(100_000).event({ kind: 'timer' }),
    says: /drains since 0/,
  },
  {
    checker: () => politeness(terms),
    wrong: 'a checkpoint written after the lease was lost',
    story: () => shard().opened().event({ kind: 'leaseLost' }).checkpoint({}),
    says: /checkpoint after the lease was lost/,
  },
  {
    checker: bounded,
    wrong: 'a read beyond the cap',
    story: () => queue({ heldRecordsMax: 1 }).put(m1, m2).opened().read(m1).read(m2),
    says: /reads while holding 1 records/,
  },
  {
    checker: bounded,
    wrong: 'a read for which there is no room',
    story: () =>
      told(shard().put(r1, r2), (story) => Object.assign(story, { allowedBytes: 2_000 }).opened().read(r1).read(r2)),
    says: /would hold \d+ bytes of 2000/,
  },
  {
    checker: bounded,
    wrong: 'more messages than can be used',
    story: () =>
      queue({ batchSize: 1, scaling: { policy: 'eager', flightsMax: 1, receivesMax: 1 } })
        .opened()
        .read(),
    says: /would hold 5 messages, can use 2/,
  },
  {
    checker: bounded,
    wrong: 'a tight loop of reads in vain',
    story: () => told(shard().opened(), (story) => Array.from({ length: 300 }, () => story.read())),
    says: /all in vain/,
  },
  {
    checker: bounded,
    wrong: 'a tight loop of attempts in vain',
    story: () =>
      told(shard().put(r1).opened().read(r1), (story) =>
        Array.from({ length: 60 }, () => story.invoked(story.invoke([r1]), failure)),
      ),
    says: /all in vain/,
  },
  {
    checker: bounded,
    wrong: 'messages dropped whose receipts still hold',
    story: () =>
      queue()
        .put(m1)
        .opened()
        .read(m1)
        .command({ kind: 'dropped', records: [m1], reason: 'visibility' }),
    says: /which was not due/,
  },
  {
    checker: bounded,
    wrong: 'records dropped that the source still keeps',
    story: () =>
      shard({ retentionMs: 1_000 })
        .put(r1)
        .opened()
        .read(r1)
        .command({ kind: 'dropped', records: [r1], reason: 'retention' }),
    says: /which was not due/,
  },
  {
    checker: pauses,
    wrong: 'a batch tried again before its pause is over',
    story: () =>
      told(shard().put(r1).opened().read(r1), (story) => {
        story.invoked(story.invoke([r1]), failure)
        story.command({
          kind: 'attemptFailed',
          records: [r1],
          attempt: 1,
          outcome: failure,
          next: { kind: 'retry', inMs: 100 },
        })
        story.after(99).invoke([r1], { attempt: 2 })
      }),
    says: /tried again at 99, announced for 100/,
  },
  {
    checker: pauses,
    wrong: 'a source read again before its pause is over',
    story: () =>
      shard()
        .opened()
        .command({ kind: 'sourceTrouble', trouble: 'failed', message: '', retryMs: 100 })
        .after(99)
        .read(),
    says: /the source is tried again at 99/,
  },
]

describe('checkers of limits, drains and loops', () => {
  it.each(cases)('catch $wrong', ({ checker, story, says }) => {
    expect(story().judged(checker())).toMatch(says)
  })
})
