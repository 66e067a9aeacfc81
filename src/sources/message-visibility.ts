import { sideBySide } from '../async/side-by-side.ts'
import { deleteEntriesMax } from '../model/limits.ts'
import type { SourceRecord } from '../model/record.ts'
import type { SettleRefusal } from '../ports.ts'
import { answersOf, isFinal, isSendersFault } from './batch-answers.ts'
import type { QueueCall, QueueResult } from './queue-calls.ts'

/**
 * Changes how long messages stay hidden from now on, in tens, one try each; 0 shows them at once. Answers with those of which that was
 * refused. SQS refuses what is not hidden any more, and more than 12 h after the receive.
 */
export async function changeVisibility(
  call: QueueCall,
  records: readonly SourceRecord[],
  visibilityMs: number,
  signal: AbortSignal,
): Promise<readonly SettleRefusal[]> {
  const VisibilityTimeout = Math.floor(visibilityMs / 1_000)
  const refusals = await sideBySide(tensOf(records.length), callsMax, async (from) => {
    const ten = records.slice(from, from + deleteEntriesMax)
    const Entries = ten.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt, VisibilityTimeout }))
    const result = await call('ChangeMessageVisibilityBatch', { Entries }, 'settle', signal)
    return refusalsOf(result, ten.length, from)
  })
  return refusals.flat()
}

const unanswered = 'ChangeMessageVisibilityBatch was answered without a word about it.'

/** A batch of 10,000 messages must not open a thousand connections. */
const callsMax = 32

function refusalsOf(result: QueueResult, count: number, from: number): readonly SettleRefusal[] {
  const indexes = Array.from({ length: count }, (_, index) => index)
  if (result.kind !== 'ok') {
    const refusal = refusalOfCall(result, count)
    return indexes.map((index) => ({ index: from + index, ...refusal }))
  }
  const answer = answersOf(result.output)
  return indexes.flatMap((index) => {
    const said = answer(String(index))
    if (said === 'done') return []
    if (said === 'unnamed') return [{ index: from + index, message: unanswered }]
    const message = `${said.code}: ${said.message}`
    return [{ index: from + index, message, final: isFinal(said) }]
  })
}

/** Asking again helps where the call was lost or throttled; not where a right is missing, or the endpoint does not know the operation. */
function refusalOfCall(
  { failure, trouble }: Exclude<QueueResult, { kind: 'ok' }>,
  count: number,
): Omit<SettleRefusal, 'index'> {
  // One bad entry, for which some queues refuse the whole call, says nothing of the others.
  const isOurs =
    count === 1 &&
    failure?.kind === 'error' &&
    isFinal({ code: failure.code, senderFault: isSendersFault(failure.status) })
  const isUnknown =
    failure?.kind === 'error' &&
    (failure.status === 501 || /^(UnknownOperation|InvalidAction|NotImplemented)/.test(failure.code))
  return {
    message: trouble.message,
    final: isOurs || isUnknown || trouble.kind === 'denied' || trouble.kind === 'missing',
  }
}

/** Where each ten begins. */
function tensOf(count: number): readonly number[] {
  return Array.from({ length: Math.ceil(count / deleteEntriesMax) }, (_, nth) => nth * deleteEntriesMax)
}
