import { createHash } from 'node:crypto'
import { encodeSqsRecord } from '../../../src/events/sqs-record.ts'
import { visibilityMsMax } from '../../../src/model/limits.ts'
import type { DescribeResult, ReadRequest, ReadResult, Source } from '../../../src/ports.ts'
import { systemClock } from '../../../src/engine/system-clock.ts'
import type { SourceClock } from './source-clock.ts'
import { createGate } from './gate.ts'
import type { Gate } from './gate.ts'

/**
 * An SQS queue in memory that is a `Source` itself: the twin of src/sources/sqs.ts under the same contract suite, with
 * knobs for what no emulator does on demand. Runs on any clock.
 */
export interface MemoryQueue extends Source {
  readonly arn: string
  /** Puts a message in and gives its id. A FIFO message without a group goes to the group `g`. */
  send(body: string, options?: SendOptions): string
  /** What is there: visible now, delayed or held by somebody, and both together. */
  sizes(): { readonly visible: number; readonly hidden: number; readonly total: number }
  /** Bodies of the messages that are still there, oldest first. */
  bodies(): readonly string[]
  /** Bodies of those that the redrive policy took. */
  deadLetters(): readonly string[]
  /** How often the message with this body was received so far, while it is there. */
  receiveCount(body: string): number
  /** The queue vanishes with its messages; `restore` makes an empty one of the same name. */
  remove(): void
  restore(): void
  readonly faults: QueueFaults
  readonly counts: QueueCounts
}

export interface SendOptions {
  readonly group?: string
  readonly delayMs?: number
  readonly traceHeader?: string
}

/** Set and cleared by tests at any time. */
export interface QueueFaults {
  /** Answers of the next reads, in this order, instead of messages. */
  readonly readAnswers: ReadResult[]
  /** So many of the next reads take their messages and then lose the reply. */
  repliesLost: number
  /** Why a receipt's message is not deleted; null: it is. */
  refuseSettle: (receipt: string) => string | null
  /** Why a receipt keeps its end this time; null: it does not. */
  refuseExtend: (receipt: string) => string | null
  /** Holds reads before they take anything, and settles before they delete. */
  readonly readGate: Gate
  readonly settleGate: Gate
  clockOffsetMs: number
}

export interface QueueCounts {
  reads: number
  readsOut: number
  readsOutMost: number
  settles: number
  settled: number
  released: number
  extends: number
  extended: number
  closed: number
}

export interface MemoryQueueOptions {
  readonly fifo?: boolean
  readonly name?: string
  readonly visibilityMs?: number
  /** The redrive policy's; a message that was received so often is gone at the next receive. */
  readonly maxReceiveCount?: number
  readonly clock?: SourceClock
}

interface Message {
  readonly id: string
  readonly body: string
  readonly group: string
  readonly sentMs: number
  readonly traceHeader: string | undefined
  visibleAtMs: number
  receipt: string
  received: number
  firstReceivedMs: number
  receivedMs: number
}

interface LostReply {
  readonly attemptId: string
  readonly messages: readonly Message[]
}

export function createMemoryQueue(options: MemoryQueueOptions = {}): MemoryQueue {
  const { fifo = false, visibilityMs: ownVisibilityMs = 30_000, clock = systemClock } = options
  const arn = `arn:aws:sqs:us-east-1:000000000000:${options.name ?? 'memory'}${fifo ? '.fifo' : ''}`
  const context = { arn, region: 'us-east-1', withNullMd5: false }
  let messages: Message[] = []
  let there = true
  let numbers = 0
  let lostReply: LostReply | null = null
  const dead: string[] = []
  const wakers = new Set<() => void>()
  const faults: QueueFaults = {
    readAnswers: [],
    repliesLost: 0,
    refuseSettle: () => null,
    refuseExtend: () => null,
    readGate: createGate(),
    settleGate: createGate(),
    clockOffsetMs: 0,
  }
  const counts: QueueCounts = {
    reads: 0,
    readsOut: 0,
    readsOutMost: 0,
    settles: 0,
    settled: 0,
    released: 0,
    extends: 0,
    extended: 0,
    closed: 0,
  }
  const missing = { kind: 'missing', message: 'QueueDoesNotExist: The specified queue does not exist.' } as const

  function wake(): void {
    for (const waker of wakers) waker()
  }

  /** FIFO: only the oldest messages of a group, and none of a group of which one is held. */
  function takeable(): readonly Message[] {
    const nowMs = clock.monoMs()
    if (!fifo) return messages.filter(({ visibleAtMs }) => visibleAtMs <= nowMs)
    const blocked = new Set(messages.filter((message) => message.visibleAtMs > nowMs).map(({ group }) => group))
    return messages.filter(({ group }) => !blocked.has(group))
  }

  function take(request: ReadRequest): readonly Message[] {
    const untilMs = clock.monoMs() + (request.visibilityMs ?? ownVisibilityMs)
    const worn = takeable().filter(({ received }) => received >= (options.maxReceiveCount ?? Infinity))
    dead.push(...worn.map(({ body }) => body))
    messages = messages.filter((message) => !worn.includes(message))
    const taken = takeable().slice(0, Math.min(10, request.recordsMax))
    for (const message of taken) {
      numbers += 1
      message.receipt = `receipt-${numbers}`
      message.visibleAtMs = untilMs
      message.received += 1
      message.receivedMs = clock.monoMs()
      if (message.firstReceivedMs === 0) message.firstReceivedMs = clock.wallMs()
    }
    return taken
  }

  async function waitForMessage(request: ReadRequest, signal: AbortSignal): Promise<void> {
    const deadlineMs = clock.monoMs() + request.waitMs
    while (there && takeable().length === 0 && clock.monoMs() < deadlineMs) {
      signal.throwIfAborted()
      const nowMs = clock.monoMs()
      const comingMs = messages.flatMap(({ visibleAtMs }) => (visibleAtMs > nowMs ? [visibleAtMs] : []))
      const nextMs = Math.min(deadlineMs, ...comingMs)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const stopTimer = clock.timer(nextMs, resolve)
      const abort = (): void => reject(signal.reason)
      wakers.add(resolve)
      signal.addEventListener('abort', abort)
      try {
        await promise
      } finally {
        stopTimer()
        wakers.delete(resolve)
        signal.removeEventListener('abort', abort)
      }
    }
  }

  async function receive(request: ReadRequest, signal: AbortSignal): Promise<ReadResult> {
    await faults.readGate.pass(signal)
    const answer = faults.readAnswers.shift()
    if (answer !== undefined) return answer
    if (!there) return missing
    const repeated = fifo && lostReply?.attemptId === request.attemptId ? lostReply.messages : null
    lostReply = null
    if (repeated === null) await waitForMessage(request, signal)
    if (!there) return missing
    const taken = repeated ?? take(request)
    if (faults.repliesLost > 0 && taken.length > 0) {
      faults.repliesLost -= 1
      lostReply = { attemptId: request.attemptId, messages: taken }
      return { kind: 'failed', message: 'ECONNRESET: the reply was lost' }
    }
    const records = taken.map((message) => encodeSqsRecord(wireForm(message, fifo), context))
    return { kind: 'records', records, end: false, tip: records.length === 0, behindMs: null }
  }

  return {
    arn,
    faults,
    counts,
    send(body, { group, delayMs = 0, traceHeader } = {}) {
      numbers += 1
      const id = `message-${numbers}`
      messages.push({
        id,
        body,
        group: group ?? (fifo ? 'g' : ''),
        sentMs: clock.wallMs(),
        traceHeader,
        visibleAtMs: delayMs === 0 ? -Infinity : clock.monoMs() + delayMs,
        receipt: '',
        received: 0,
        firstReceivedMs: 0,
        receivedMs: 0,
      })
      wake()
      return id
    },
    sizes() {
      const nowMs = clock.monoMs()
      const visible = messages.filter(({ visibleAtMs }) => visibleAtMs <= nowMs).length
      return { visible, hidden: messages.length - visible, total: messages.length }
    },
    bodies: () => messages.map(({ body }) => body),
    deadLetters: () => dead,
    receiveCount: (body) => messages.find((message) => message.body === body)?.received ?? 0,
    remove() {
      there = false
      messages = []
      wake()
    },
    restore() {
      there = true
    },
    async describe(): Promise<DescribeResult> {
      if (!there) return missing
      const own = { visibilityMs: ownVisibilityMs, maxReceiveCount: options.maxReceiveCount ?? null }
      return { kind: 'found', arn, incarnation: '', ...own, retentionMs: null, shards: [] }
    },
    async depth() {
      if (!there) return missing
      const nowMs = clock.monoMs()
      const hidden = messages.filter(({ visibleAtMs }) => visibleAtMs > nowMs)
      const inFlight = hidden.filter(({ received }) => received > 0).length
      const visible = messages.length - hidden.length
      const delayed = hidden.length - inFlight
      return { kind: 'queue', visible, inFlight, delayed, visibilityMs: ownVisibilityMs, redrive: null }
    },
    async read(request, signal) {
      counts.reads += 1
      counts.readsOut += 1
      counts.readsOutMost = Math.max(counts.readsOutMost, counts.readsOut)
      try {
        return await receive(request, signal)
      } finally {
        counts.readsOut -= 1
      }
    },
    async settle(records, signal) {
      counts.settles += 1
      await faults.settleGate.pass(signal)
      const failed = records.flatMap(({ receipt }, index) => {
        const refusal =
          faults.refuseSettle(receipt) ?? (fifo ? expiredReceipt(messages, receipt, clock.monoMs()) : null)
        return refusal === null ? [] : [{ index, message: refusal }]
      })
      const kept = new Set(failed.map(({ index }) => index))
      const gone = new Set(records.flatMap(({ receipt }, index) => (kept.has(index) ? [] : [receipt])))
      const before = messages.length
      messages = messages.filter(({ receipt }) => receipt === '' || !gone.has(receipt))
      counts.settled += before - messages.length
      wake()
      return { failed }
    },
    async extend(records, visibilityMs, signal) {
      signal.throwIfAborted()
      counts.extends += 1
      const nowMs = clock.monoMs()
      const failed = records.flatMap(({ receipt }, index) => {
        const injected = faults.refuseExtend(receipt)
        if (injected !== null) return [{ index, message: injected }]
        const message = messages.find((one) => one.receipt === receipt)
        const refusal = refusalOfExtension(message, nowMs, visibilityMs)
        if (refusal !== null) return [{ index, message: refusal, final: true }]
        if (message !== undefined) message.visibleAtMs = nowMs + visibilityMs
        return []
      })
      counts.extended += records.length - failed.length
      return { failed }
    },
    async release(records, signal) {
      signal.throwIfAborted()
      const receipts = new Set(records.map(({ receipt }) => receipt))
      for (const message of messages) {
        if (!receipts.has(message.receipt)) continue
        message.visibleAtMs = -Infinity
        counts.released += 1
      }
      wake()
    },
    clockOffsetMs: () => faults.clockOffsetMs,
    async close() {
      counts.closed += 1
    },
  }
}

/** A standard queue deletes by any receipt; a FIFO queue refuses one whose time is over, and the message comes back. */
function expiredReceipt(messages: readonly Message[], receipt: string, nowMs: number): string | null {
  const message = messages.find((one) => one.receipt === receipt)
  return message !== undefined && message.visibleAtMs <= nowMs
    ? 'InvalidParameterValue: The receipt handle has expired.'
    : null
}

/** Only what is hidden stays hidden, and no message for more than 12 h after its receive. */
function refusalOfExtension(message: Message | undefined, nowMs: number, visibilityMs: number): string | null {
  if (message === undefined) return 'ReceiptHandleIsInvalid: The input receipt handle is invalid.'
  if (message.visibleAtMs <= nowMs) return 'MessageNotInflight: The message is not in flight.'
  return nowMs + visibilityMs > message.receivedMs + visibilityMsMax
    ? 'InvalidParameterValue: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].'
    : null
}

/** The message as SQS's JSON protocol writes it. */
function wireForm(message: Message, fifo: boolean): Readonly<Record<string, unknown>> {
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: createHash('md5').update(message.body).digest('hex'),
    Attributes: {
      ApproximateReceiveCount: String(message.received),
      SentTimestamp: String(message.sentMs),
      SenderId: '000000000000',
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedMs),
      ...(message.group === '' ? {} : { MessageGroupId: message.group }),
      ...(fifo ? { SequenceNumber: message.id.slice('message-'.length), MessageDeduplicationId: message.id } : {}),
      ...(message.traceHeader === undefined ? {} : { AWSTraceHeader: message.traceHeader }),
    },
  }
}
