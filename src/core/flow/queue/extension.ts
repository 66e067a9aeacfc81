import { assert } from '../../assertion.ts'
import { unitOf } from '../flight.ts'
import type { FlowEvent } from '../messages.ts'
import { type Flight, type Held, type Pending, type Turn, ask, recordsOf } from '../state.ts'
import { askRelease } from './ledger.ts'
import { prolong, receiveVisibilityMs } from './receipt.ts'
import type { QueueState } from './state.ts'

/**
 * Prolongs the receipts of what is with the function (SPEC §2, Extension):
 *
 *   invoking ──half of a receipt is over──▶ asked ──extended──▶ half of what is left ──▶ …
 *                                             └──refused──▶ half of what is left, until its end | never again
 */

/** No sooner is a refusal asked about again: towards the end of a receipt, half of what is left is next to nothing. */
const retryMsMin = 250

/** Asks for what is due. */
export function extendDue(turn: Turn): void {
  if (!turn.config.extendsReceipts) return
  for (const flight of turn.state.flights.values()) {
    if (flight.phase !== 'invoking' || flight.extendAtMs > turn.env.receiptMonoMs) continue
    schedule(flight)
    if (flight.extendAtMs <= turn.env.receiptMonoMs) extend(turn, flight)
  }
}

export function addExtensionMoments(moments: number[], { state, config }: Turn): void {
  if (!config.extendsReceipts) return
  for (const flight of state.flights.values()) if (flight.phase === 'invoking') moments.push(flight.extendAtMs)
}

function schedule(flight: Flight): void {
  flight.extendAtMs = Math.min(...unitOf(flight).held.map(({ receipt }) => receipt.extendAtMs))
}

/** Most of a batch gets the same. Near the end of the 12 h each gets what is left of its own. */
function extend(turn: Turn, flight: Flight): void {
  const open = unitOf(flight).held.filter(({ receipt }) => receipt.extendAtMs < Number.POSITIVE_INFINITY)
  for (const [visibilityMs, held] of Map.groupBy(open, (one) => gainMs(turn, one))) {
    if (visibilityMs > 0) askExtend(turn, flight, held, visibilityMs)
    else for (const one of held) waitForGain(turn, one)
  }
  schedule(flight)
}

/** The visibility to ask for, in whole seconds; 0: nothing would be gained, or it is too late. */
function gainMs({ config, env }: Turn, { receipt }: Held): number {
  const mostMs = Math.min(receiveVisibilityMs(config), receipt.askedMs + config.receiptMsMax - env.receiptMonoMs)
  const wholeMs = Math.floor(mostMs / 1_000) * 1_000
  return env.receiptMonoMs < receipt.shownMs && receipt.shownMs < env.receiptMonoMs + wholeMs ? wholeMs : 0
}

/** It lasts for longer than a receive would make it last now; or for as long as it may. */
function waitForGain({ config, env }: Turn, { receipt }: Held): void {
  const laterMs = receipt.shownMs - receiveVisibilityMs(config) / 2
  receipt.extendAtMs = laterMs > env.receiptMonoMs ? laterMs : Number.POSITIVE_INFINITY
}

function askExtend(turn: Turn, flight: Flight, held: readonly Held[], visibilityMs: number): void {
  const nowMs = turn.env.receiptMonoMs
  for (const { stage, receipt } of held) {
    assert(stage === 'flying' && nowMs < receipt.shownMs, 'what is prolonged is with the function, and still ours')
    assert(nowMs + visibilityMs <= receipt.askedMs + turn.config.receiptMsMax, 'a receipt lasts for 12 h at most')
    receipt.isAsked = true
    receipt.extendAtMs = Number.POSITIVE_INFINITY
  }
  ask(
    turn,
    { kind: 'extend', records: recordsOf(held), visibilityMs },
    { kind: 'extend', flight: flight.id, held, visibilityMs, sentMs: nowMs },
  )
}

/** Its attempt may have ended meanwhile: then the end of the receipt says when the message is shown again. */
export function onExtended(
  turn: Turn,
  queue: QueueState,
  pending: Extract<Pending, { kind: 'extend' }>,
  { failed, final }: Extract<FlowEvent, { kind: 'extended' }>,
): void {
  const nowMs = turn.env.receiptMonoMs
  const refused = new Set(failed)
  const forGood = new Set(final)
  pending.held.forEach(({ record, receipt }, index) => {
    receipt.isAsked = false
    if (!refused.has(index)) {
      prolong(receipt, pending.sentMs, pending.visibilityMs)
      const hidden = queue.hidden.get(record.id)
      if (hidden !== undefined) queue.hidden.set(record.id, { ...hidden, untilMs: receipt.shownMs })
    } else if (!forGood.has(index)) {
      const againMs = nowMs + Math.max(retryMsMin, (receipt.shownMs - nowMs) / 2)
      receipt.extendAtMs = againMs < receipt.shownMs ? againMs : Number.POSITIVE_INFINITY
    }
  })
  const flight = turn.state.flights.get(pending.flight)
  if (flight?.phase === 'invoking') schedule(flight)
  const back = queue.unreleased.filter((one) => !one.receipt.isAsked)
  queue.unreleased = queue.unreleased.filter((one) => one.receipt.isAsked)
  askRelease(turn, back)
}
