import { setTimeout as pause } from 'node:timers/promises'
import { isJsonObject, objectOf, stringOf } from '../events/json-value.ts'
import { deleteEntriesMax } from '../model/limits.ts'
import type { QueueCall, QueueResult } from './queue-calls.ts'

/**
 * Deletes messages in tens. Full tens go at once; what is left over goes at once while few calls are out, and else waits
 * to share a call with the leftovers of others. So an idle queue pays no delay and a busy one no call per message.
 */
export interface MessageDeletes {
  /** null when the message is gone, else why it is not. */
  delete(receipt: string): Promise<string | null>
}

/** Calls out beyond which leftovers wait for company. */
const companyCalls = 4

/** Pauses before the tries that follow a refused batch entry. Deleting twice does no harm. */
const retryPausesMs = [50, 500] as const

interface Waiting {
  readonly receipt: string
  readonly done: (refusal: string | null) => void
}

export function createMessageDeletes(call: QueueCall, signal: AbortSignal): MessageDeletes {
  const waiting: Waiting[] = []
  let callsOut = 0
  let scheduled = false

  function pump(): void {
    scheduled = false
    while (waiting.length >= deleteEntriesMax || (waiting.length > 0 && callsOut < companyCalls)) {
      const batch = waiting.splice(0, deleteEntriesMax)
      callsOut += 1
      void deleteBatch(call, batch, signal).finally(() => {
        callsOut -= 1
        pump()
      })
    }
  }

  return {
    delete(receipt) {
      const { promise, resolve } = Promise.withResolvers<string | null>()
      waiting.push({ receipt, done: resolve })
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
    const refusals = result.kind === 'ok' ? refusalsOf(result.output) : null
    const ofAll = result.kind === 'ok' ? undefined : refusalOfCall(result)
    await Promise.all(
      batch.map(async (entry, index) => {
        const refusal = ofAll ?? refusals?.get(String(index))
        entry.done(refusal === undefined ? null : await afterRefusal(call, entry.receipt, refusal, signal))
      }),
    )
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    for (const entry of batch) entry.done(message)
  }
}

interface Refusal {
  readonly message: string
  readonly fate: 'gone' | 'final' | 'retry'
}

async function afterRefusal(
  call: QueueCall,
  receipt: string,
  refusal: Refusal,
  signal: AbortSignal,
): Promise<string | null> {
  let last = refusal
  for (const pauseMs of retryPausesMs) {
    if (last.fate !== 'retry') break
    await pause(pauseMs, undefined, { signal })
    const result = await call('DeleteMessage', { ReceiptHandle: receipt }, 'settle', signal)
    if (result.kind === 'ok') return null
    last = refusalOfCall(result)
  }
  return last.fate === 'gone' ? null : last.message
}

function refusalOfCall({ failure, trouble }: Exclude<QueueResult, { kind: 'ok' }>): Refusal {
  if (failure?.kind !== 'error') return { message: trouble.message, fate: 'retry' }
  return refusalOf(failure.code, failure.message, failure.status < 500 && failure.status !== 429)
}

function refusalsOf(output: unknown): ReadonlyMap<string, Refusal> {
  const failed = objectOf(output)['Failed']
  const refusals = new Map<string, Refusal>()
  if (!Array.isArray(failed)) return refusals
  for (const entry of failed) {
    if (!isJsonObject(entry)) continue
    const code = stringOf(entry['Code']) ?? 'Unknown'
    const message = stringOf(entry['Message']) ?? 'no reason given'
    refusals.set(stringOf(entry['Id']) ?? '', refusalOf(code, message, entry['SenderFault'] === true))
  }
  return refusals
}

/**
 * A receipt that names nothing any more belongs to a message that somebody deleted, often the handler itself: what we
 * want is the case. A FIFO receipt whose visibility ended says "expired", and that message comes back (spec 13.7).
 */
function refusalOf(code: string, message: string, senderFault: boolean): Refusal {
  const text = `${code}: ${message}`
  if (/expired/i.test(message)) return { message: text, fate: 'final' }
  if (code.endsWith('ReceiptHandleIsInvalid')) return { message: text, fate: 'gone' }
  return { message: text, fate: senderFault && !isThrottle(code) ? 'final' : 'retry' }
}

function isThrottle(code: string): boolean {
  return /throttl|limit/i.test(code)
}
