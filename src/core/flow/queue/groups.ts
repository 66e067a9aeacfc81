import { assert } from '../../assertion.ts'
import type { Held, Turn } from '../state.ts'
import type { QueueState } from './state.ts'

/**
 * The message groups of a FIFO queue. A message locks its group from the take-off of its batch (`startQueueFlight` in
 * `flow/queue/attempt.ts`) until it leaves our hands or is laid out again; whoever would overtake it is found by its group.
 */

export function lockGroups(turn: Turn, queue: QueueState, held: readonly Held[]): void {
  if (turn.config.traits.ordered !== 'group') return
  assert(
    !held.some(({ record }) => queue.lockedGroups.has(record.orderKey)),
    'a batch takes off when its groups are free',
  )
  for (const one of held) {
    assert(!one.locked, 'a message locks its group once')
    one.locked = true
    queue.lockedGroups.set(one.record.orderKey, (queue.lockedGroups.get(one.record.orderKey) ?? 0) + 1)
  }
}

export function unlockGroup(queue: QueueState, held: Held): void {
  if (!held.locked) return
  held.locked = false
  const locks = queue.lockedGroups.get(held.record.orderKey)
  assert(locks !== undefined, 'what locked a group is counted there')
  const left = locks - 1
  if (left === 0) queue.lockedGroups.delete(held.record.orderKey)
  else queue.lockedGroups.set(held.record.orderKey, left)
}

/** A batch waits while one of its groups is busy; a later batch may pass it only if they share no group. */
export function takeFree(queue: QueueState): readonly Held[] | null {
  if (queue.lockedGroups.size === 0) return queue.ready.shift() ?? null
  const blocked = new Set(queue.lockedGroups.keys())
  for (const [index, batch] of queue.ready.entries()) {
    if (batch.every((one) => !blocked.has(one.record.orderKey))) return queue.ready.splice(index, 1)[0] ?? null
    for (const one of batch) blocked.add(one.record.orderKey)
  }
  return null
}

/** What waits here and would overtake one of those that ended. */
export function behind(turn: Turn, queue: QueueState, ended: readonly Held[]): readonly Held[] {
  if (turn.config.traits.ordered !== 'group') return []
  const waiting = [...queue.ready.flat(), ...queue.gathering].filter((one) => one.stage !== 'done')
  return withBehind(turn, waiting, { ended, isMeant: () => false })
}

/**
 * Of what is held, in the order it came: those that are meant, and those of a group that would overtake one of them or one of `ended`.
 * That reaches up to what the queue gave because that one's time was over: a copy of it, or what came after its receipt ran out.
 */
export function withBehind(
  { config }: Turn,
  held: readonly Held[],
  { ended, isMeant }: { readonly ended: readonly Held[]; readonly isMeant: (one: Held) => boolean },
): readonly Held[] {
  const before = new Map<string, readonly Held[]>()
  const enter = (one: Held): void => {
    before.set(one.record.orderKey, [...(before.get(one.record.orderKey) ?? []), one])
  }
  for (const one of ended) enter(one)
  return held.filter((one) => {
    const earlier = before.get(one.record.orderKey) ?? []
    if (isMeant(one)) {
      if (config.traits.ordered === 'group') enter(one)
      return true
    }
    if (earlier.some((other) => isSince(one, other))) before.delete(one.record.orderKey)
    return before.has(one.record.orderKey)
  })
}

function isSince(one: Held, ended: Held): boolean {
  return one.record.id === ended.record.id || one.receipt.receivedMs >= ended.receipt.expiresMs
}
