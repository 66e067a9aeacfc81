import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../../src/engine/memory-budget.ts'
import { ReplyRoom, type ReplySeat } from '../../../src/access/reply-room.ts'

const large = 100_000

const roomOf = (bytesMax: number) => new ReplyRoom(new MemoryBudget(4 * bytesMax))

interface Reply extends ReplySeat {
  readonly wakes: () => number
}

function enter(room: ReplyRoom): Reply {
  let wakes = 0
  const seat = room.enter(() => {
    wakes += 1
  })
  return { ...seat, wakes: () => wakes }
}

describe('the room of the replies', () => {
  it('is borrowed of the memory of the process, and given back once', () => {
    const memory = new MemoryBudget(4_000_000)
    const reply = enter(new ReplyRoom(memory))
    reply.take(300)
    reply.take(400)
    expect(memory.usedBytes).toBe(700)
    reply.leave()
    reply.leave()
    expect(memory.usedBytes).toBe(0)
  })

  it('lets the first go on when it is full, and the others in their turn', () => {
    const room = roomOf(250_000)
    const [first, second, third] = [enter(room), enter(room), enter(room)]
    expect([first, second].map((reply) => reply.take(large))).toEqual([true, true])
    expect(third.take(large)).toBe(false)
    expect(second.take(large)).toBe(false)
    expect(first.take(large)).toBe(true)
    first.leave()
    expect([second.wakes(), third.wakes()]).toEqual([1, 0])
    second.leave()
    expect(third.wakes()).toBe(1)
    third.leave()
    expect(room.bytes).toBe(0)
  })

  it('wakes no more of them than have room for what comes next', () => {
    const room = roomOf(2_000_000)
    const first = enter(room)
    first.take(1_900_000)
    const others = Array.from({ length: 9 }, () => enter(room))
    expect(others.map((reply) => reply.take(200_000))).not.toContain(true)
    first.leave()
    // 1.8 MB are held by the nine: there is room for three chunks of 64 KiB.
    expect(others.map((reply) => reply.wakes())).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0])
  })

  it('never keeps a small reply waiting, and a small one that stays open keeps nobody waiting', () => {
    const room = roomOf(150_000)
    const poll = enter(room)
    expect(poll.take(100)).toBe(true)
    const [first, second] = [enter(room), enter(room)]
    expect(first.take(large)).toBe(true)
    expect(second.take(large)).toBe(false)
    expect(first.take(large)).toBe(true)
    expect(poll.take(100)).toBe(true)
  })

  it('forgets who was cut off while it waited', () => {
    const room = roomOf(150_000)
    const [first, second] = [enter(room), enter(room)]
    first.take(large)
    expect(second.take(large)).toBe(false)
    second.leave()
    first.leave()
    expect([second.wakes(), room.bytes]).toEqual([0, 0])
  })
})
