import { describe, expect, it } from 'vitest'
import { allCheckers } from './checkers/all.ts'
import { fifo, message, record, shard, success, terms } from './checkers/story.ts'

/** A checker that cries wolf is worth nothing either. */
describe('every checker', () => {
  const names = allCheckers(terms).map((checker, index) => ({ name: checker.name, index }))
  const [r1, r2, r3] = [record(1), record(2), record(3)]
  const [m1, m2] = [message(1), message(2)]

  it.each(names)('$name lets a fair shard pass', ({ index }) => {
    const story = shard().put(r1, r2, r3).opened().read(r1, r2, r3)
    story
      .invoked(story.invoke([r1, r2, r3]), success)
      .checkpoint({ watermark: '3' })
      .written({ watermark: '3' })
      .converged()
    expect(story.judged(checkerAt(index))).toBeNull()
  })

  it.each(names)('$name lets a fair queue pass', ({ index }) => {
    const story = fifo().put(m1, m2).opened().read(m1, m2)
    story
      .invoked(story.invoke([m1, m2]), success)
      .command({ kind: 'settle', id: 1, records: [m1, m2], why: 'succeeded', attempt: 1, last: false })
    story.gone(m1, 'deleted').gone(m2, 'deleted').event({ kind: 'settled', id: 1, failed: [] }).converged()
    expect(story.judged(checkerAt(index))).toBeNull()
  })
})

function checkerAt(index: number): ReturnType<typeof allCheckers>[number] {
  const checker = allCheckers(terms)[index]
  if (checker === undefined) throw new Error('no such checker')
  return checker
}
