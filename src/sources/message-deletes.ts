import { deleteEntriesMax } from '../model/limits.ts'
import { answersOf, isFinal, isSendersFault, type EntryRefusal } from './batch-answers.ts'
import type { QueueCall, QueueResult } from './queue-calls.ts'

/**
 * Deletes messages in tens, one try each. Full tens go at once; what is left over goes at once while few calls are out, and else
 * waits to share a call with the leftovers of others. So an idle queue pays no delay and a busy one no call per message.
 */
export interface MessageDeletes {
  /** `apart`: by a call of its own. null when the message is gone, else why it is not. */
  delete(receipt: string, apart: boolean): Promise<DeleteRefusal | null>
}

export interface DeleteRefusal {
  readonly message: string
  /** Asking again would be refused again. */
  readonly final: boolean
}

/** Calls out beyond which leftovers wait for company. */
const companyCalls = 4
/** Calls out at most: the thousand that a batch of 10,000 messages needs must not each open a connection. */
const callsMax = 32

interface Waiting {
  readonly receipt: string
  readonly done: (refusal: DeleteRefusal | null) => void
}

export function createMessageDeletes(call: QueueCall, signal: AbortSignal): MessageDeletes {
  const together: Waiting[] = []
  const apart: Waiting[] = []
  let callsOut = 0
  let scheduled = false

  function nextCall(): (() => Promise<void>) | null {
    if (callsOut >= callsMax) return null
    const one = apart.shift()
    if (one !== undefined) return () => deleteAlone(call, one, signal)
    const isEnough = together.length >= deleteEntriesMax || (together.length > 0 && callsOut < companyCalls)
    if (!isEnough) return null
    const batch = together.splice(0, deleteEntriesMax)
    return () => deleteBatch(call, batch, signal)
  }

  function pump(): void {
    scheduled = false
    for (let next = nextCall(); next !== null; next = nextCall()) {
      callsOut += 1
      void next().finally(() => {
        callsOut -= 1
        pump()
      })
    }
  }

  return {
    delete(receipt, isApart) {
      const { promise, resolve } = Promise.withResolvers<DeleteRefusal | null>()
      ;(isApart ? apart : together).push({ receipt, done: resolve })
      // The messages of one invocation are handed over one after the other within a tick: they share calls.
      if (!scheduled) {
        scheduled = true
        queueMicrotask(pump)
      }
      return promise
    },
  }
}

async function deleteBatch(call: QueueCall, batch: readonly Waiting[], signal: AbortSignal): Promise<void> {
  try {
    // Ids are places in the batch: message ids may repeat in one, and hold characters that an Id may not (sls#253).
    const Entries = batch.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }))
    const result = await call('DeleteMessageBatch', { Entries }, 'settle', signal)
    const answered = result.kind === 'ok' ? answersOf(result.output) : null
    // A whole call that is refused for one bad entry says nothing of the others: those are to be tried apart.
    const ofAll = result.kind === 'ok' ? undefined : refusalOfCall(result, batch.length > 1)
    batch.forEach(({ done }, index) => done(wordOf(ofAll ?? fateOf(answered?.(String(index))))))
  } catch (error) {
    for (const { done } of batch) done(cutOff(error))
  }
}

async function deleteAlone(call: QueueCall, { receipt, done }: Waiting, signal: AbortSignal): Promise<void> {
  try {
    const result = await call('DeleteMessage', { ReceiptHandle: receipt }, 'settle', signal)
    done(result.kind === 'ok' ? null : wordOf(refusalOfCall(result, false)))
  } catch (error) {
    done(cutOff(error))
  }
}

interface Refusal {
  readonly message: string
  readonly fate: 'gone' | 'final' | 'retry'
}

function wordOf(refusal: Refusal | undefined): DeleteRefusal | null {
  if (refusal === undefined || refusal.fate === 'gone') return null
  return { message: refusal.message, final: refusal.fate === 'final' }
}

/** One that neither list names is asked for once more, alone. */
function fateOf(answer: EntryRefusal | 'done' | 'unnamed' | undefined): Refusal | undefined {
  if (answer === undefined || answer === 'done') return undefined
  return answer === 'unnamed' ? unanswered : refusalOf(answer)
}

function cutOff(error: unknown): DeleteRefusal {
  return { message: error instanceof Error ? error.message : String(error), final: false }
}

function refusalOfCall({ failure, trouble }: Exclude<QueueResult, { kind: 'ok' }>, ofMany: boolean): Refusal {
  if (failure?.kind !== 'error') return { message: trouble.message, fate: 'retry' }
  const { code, message, status } = failure
  const refusal = refusalOf({ code, message, senderFault: isSendersFault(status) })
  const isOfEach = trouble.kind === 'denied' || trouble.kind === 'missing'
  return ofMany && !isOfEach ? { ...refusal, fate: 'retry' } : refusal
}

const unanswered: Refusal = { message: 'DeleteMessageBatch was answered without a word about it.', fate: 'retry' }

/**
 * A receipt that names nothing any more belongs to a message that somebody deleted, often the handler itself: what we
 * want is the case. A FIFO receipt whose visibility ended says "expired", and that message comes back (behaviour §13.7).
 */
function refusalOf({ code, message, senderFault }: EntryRefusal): Refusal {
  const text = `${code}: ${message}`
  if (/receipt handle.*expired/i.test(message)) return { message: text, fate: 'final' }
  if (code.endsWith('ReceiptHandleIsInvalid')) return { message: text, fate: 'gone' }
  return { message: text, fate: isFinal({ code, senderFault }) ? 'final' : 'retry' }
}
