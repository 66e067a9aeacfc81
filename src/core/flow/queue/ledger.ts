import { assert } from '../../assertion.ts'
import { isWithin } from '../flight.ts'
import type { FlowEvent, SettleReason } from '../messages.ts'
import { type Held, type Pending, type Turn, ask, letGo, recordsOf } from '../state.ts'
import { behind, unlockGroup, withBehind } from './groups.ts'
import { isRunOut, isWornOut } from './receipt.ts'
import type { HiddenMessages, QueueState } from './state.ts'

/** What happens to the messages of a queue: acknowledged, handed back, or left to their visibility. */

/** Acknowledgements that fail are tried this often before the message is left to come back. */
const settleTriesMax = 5
const settleRetryMs = 100

export function settle(turn: Turn, held: readonly Held[], why: SettleReason): void {
  if (held.length > 0) askSettle(turn, held, why, 1)
}

function askSettle(turn: Turn, held: readonly Held[], why: SettleReason, attempt: number): void {
  assert(
    held.every((one) => one.stage !== 'done'),
    'what is acknowledged is in our hands',
  )
  const last = attempt >= settleTriesMax
  ask(turn, { kind: 'settle', records: recordsOf(held), why, attempt, last }, { kind: 'settle', held, why, attempt })
}

/**
 * The source answered: what it refused is tried again by itself, since one bad entry says nothing of the others. A drain waits for
 * these tries (1.5 s in all): the messages were handled.
 */
export function onSettled(
  turn: Turn,
  queue: QueueState,
  pending: Extract<Pending, { kind: 'settle' }>,
  answer: Pick<Extract<FlowEvent, { kind: 'settled' }>, 'failed' | 'final'>,
): void {
  const { attempt, why } = pending
  assert(isWithin(answer.failed, pending.held.length), 'what was refused was to be acknowledged')
  const refused = new Set(answer.failed)
  const final = new Set(answer.final)
  const dueMs = turn.env.monoMs + settleRetryMs * 2 ** (attempt - 1)
  pending.held.forEach((held, index) => {
    if (!refused.has(index)) return end(turn, queue, held)
    if (attempt >= settleTriesMax || final.has(index)) return endUnsettled(turn, queue, [held])
    queue.unsettled.push({ held, why, attempt, dueMs })
  })
}

/** Tries again what is due, each message by itself. */
export function retryUnsettled(turn: Turn, queue: QueueState): void {
  if (queue.unsettled.length === 0) return
  const due = queue.unsettled.filter((one) => one.dueMs <= turn.env.monoMs)
  if (due.length === 0) return
  queue.unsettled = queue.unsettled.filter((one) => one.dueMs > turn.env.monoMs)
  for (const one of due) askSettle(turn, [one.held], one.why, one.attempt + 1)
}

/** Hands back at once what no attempt has failed, so that nobody has to wait for the visibility to end. */
export function release(turn: Turn, queue: QueueState, held: readonly Held[]): void {
  if (held.length === 0) return
  // An extension that arrives after it would hide the message again.
  queue.unreleased.push(...held.filter(({ receipt }) => receipt.isAsked))
  askRelease(
    turn,
    held.filter(({ receipt }) => !receipt.isAsked),
  )
  for (const one of held) end(turn, queue, one)
}

export function askRelease(turn: Turn, held: readonly Held[]): void {
  const ours = held.filter((one) => !isRunOut(one, turn.env.receiptMonoMs))
  if (ours.length > 0) ask(turn, { kind: 'release', records: recordsOf(ours) }, { kind: 'release' })
}

/** The message leaves our hands unacknowledged; what we hold of its group behind it must not overtake it. */
export function endUnsettled(turn: Turn, queue: QueueState, held: readonly Held[]): void {
  noteHidden(turn, queue.hidden, held)
  for (const one of held) end(turn, queue, one)
  const dropped = behind(turn, queue, held)
  if (dropped.length === 0) return
  noteHidden(turn, queue.hidden, dropped)
  for (const one of dropped) end(turn, queue, one)
  forgetEnded(queue)
  turn.commands.push({ kind: 'dropped', records: recordsOf(dropped), reason: 'visibility' })
}

/** Takes records that have ended out of the waiting lists. */
export function forgetEnded(queue: QueueState): void {
  queue.gathering = queue.gathering.filter((one) => one.stage !== 'done')
  queue.ready = queue.ready
    .map((batch) => batch.filter((one) => one.stage !== 'done'))
    .filter((batch) => batch.length > 0)
}

/** Cuts out what is no longer ours; of a message group also what lies behind it. Answers with what is left. */
export function cutExpired(turn: Turn, queue: QueueState, held: readonly Held[]): readonly Held[] {
  const cut = withBehind(turn, held, { ended: [], isMeant: (one) => isRunOut(one, turn.env.receiptMonoMs) })
  if (cut.length === 0) return held
  turn.commands.push({ kind: 'dropped', records: recordsOf(cut), reason: 'visibility' })
  endUnsettled(turn, queue, cut)
  return held.filter((one) => one.stage !== 'done')
}

/** Hands back what waited too long to be run under its receipt; of a message group also what lies behind it. */
export function cutWornOut(turn: Turn, queue: QueueState, held: readonly Held[]): readonly Held[] {
  const cut = withBehind(turn, held, { ended: [], isMeant: (one) => isWornOut(turn, queue, one) })
  if (cut.length === 0) return held
  release(turn, queue, [...cut, ...behind(turn, queue, cut)])
  forgetEnded(queue)
  return held.filter((one) => one.stage !== 'done')
}

function end(turn: Turn, queue: QueueState, held: Held): void {
  if (letGo(turn.state, held)) unlockGroup(queue, held)
}

// ---- What comes back

/** More are not remembered: it is a word to the user, not a ledger. */
const hiddenMax = 1_000

function noteHidden({ env }: Turn, hidden: HiddenMessages, held: readonly Held[]): void {
  for (const one of held) {
    const untilMs = one.receipt.shownMs
    if (untilMs > env.receiptMonoMs) hidden.set(one.record.id, { group: one.record.orderKey, untilMs })
  }
  if (hidden.size <= hiddenMax) return
  for (const [id, { untilMs }] of hidden) if (untilMs <= env.receiptMonoMs) hidden.delete(id)
  for (const id of hidden.keys()) {
    if (hidden.size <= hiddenMax) return
    hidden.delete(id)
  }
}
