import type { FlowCommand, FlowNotice, NextStep } from '../core/flow/messages.ts'
import { objectOf, parseJson } from '../events/json-value.ts'
import type { Outcome } from '../model/invocation.ts'
import type { FlowRecord } from '../model/record.ts'
import { isStream } from '../model/source.ts'
import { functionFailures, processingResults, resultOf, sourceFailures } from '../model/failure.ts'
import { invocationFailed } from '../observe/pretty.ts'
import type { FlowContext, FlowSettings } from './flow-context.ts'
import type { AttemptNews } from './flow-health.ts'

/** Ids in one line of the log; a batch may hold thousands. */
const idsMax = 100

type AttemptFailed = Extract<FlowNotice, { kind: 'attemptFailed' }>
type News = Extract<
  FlowCommand,
  {
    kind:
      | 'attemptFailed'
      | 'filtered'
      | 'dropped'
      | 'positionLost'
      | 'sourceTrouble'
      | 'sourceHealthy'
      | 'functionTrouble'
      | 'functionHealthy'
  }
>

/** Tells log, counters and the mapping what a flow has to tell. */
export function report(context: FlowContext, news: News): void {
  const { meter, log, listener, health } = context
  switch (news.kind) {
    case 'attemptFailed':
      return reportAttempt(context, news)
    case 'filtered':
      return meter.filteredOut(news.records.length)
    case 'dropped':
      meter.dropped(news.records.length, news.reason)
      // Messages whose visibility ended come again by themselves: nothing is lost.
      log[news.reason === 'visibility' ? 'debug' : 'error'](
        { records: news.records.length, reason: news.reason, messageIds: idsOf(news.records.slice(0, idsMax)) },
        droppedTexts[news.reason],
      )
      return
    case 'positionLost':
      meter.positionLost(news.reason)
      log.warn(
        { reason: news.reason, watermark: news.watermark },
        'The position in the shard is lost; reading goes on at the oldest record that is kept.',
      )
      return
    case 'sourceTrouble': {
      const failure = sourceFailures[news.trouble]
      const result = resultOf(failure, news.message)
      if (result !== null) listener.results.refused(result)
      listener.failed(news.message)
      health.sourceRefused(news.trouble, news.message)
      listener.refused(news.trouble === 'missing')
      log.warn({ trouble: news.trouble, reason: news.message, retryMs: news.retryMs }, failure.advice)
      return
    }
    case 'sourceHealthy':
      health.sourceRead()
      listener.results.healed()
      listener.refused(false)
      log.info({}, 'The source can be read again.')
      return
    case 'functionTrouble':
      health.functionLost(news.trouble, news.message)
      log.warn(
        { trouble: news.trouble, reason: news.message, advice: functionFailures[news.trouble].advice },
        'The function cannot be invoked. Messages stay in the queue until it can.',
      )
      return
    case 'functionHealthy':
      health.functionFound()
      log.info({}, 'The function can be invoked again.')
      return
    default:
      news satisfies never
  }
}

const droppedTexts = {
  visibility: 'Messages were let go because their visibility ended; the queue shows them again.',
  retention: 'Records were lost: the source keeps them no longer.',
  undeliverable: 'Records were dropped: the failure destination refused them.',
  undestined: 'Records were dropped: a limit of the mapping ended them and there is no failure destination.',
} as const

/** One line for each failed invocation. */
function reportAttempt({ log, listener, identity, health, services }: FlowContext, news: AttemptFailed): void {
  const { records, outcome, next } = news
  const concerned = outcome.kind === 'partial' ? outcome.failed.flatMap((index) => records[index] ?? []) : records
  const told = concerned.slice(0, idsMax)
  const attempt = isStream(identity.kind) ? news.attempt : Math.max(news.attempt, ...told.map(receivesOf))
  const what = whatFailed(outcome)
  health.failed({
    kind: kindOf(news),
    message: `${what.errorType}: ${what.reason}`,
    attempt,
    records: concerned.length,
    firstId: told[0]?.id ?? null,
    next,
  })
  log.warn(
    {
      ...logged(what, outcome.kind === 'failed' && !services.settings.logFunctionErrors),
      records: records.length,
      messageIds: idsOf(told),
      attempt,
      ...afterwards(next),
    },
    outcome.kind === 'partial' ? 'The function reported failed records.' : invocationFailed,
  )
  if (outcome.kind !== 'partial') listener.failed(`${what.errorType}: ${what.reason}`)
}

/** A function that reports every record as failed handles none. */
function kindOf({ outcome, records }: AttemptFailed): AttemptNews['kind'] {
  if (outcome.kind === 'notRun') return outcome.reason
  return outcome.kind === 'partial' && outcome.failed.length === records.length ? 'failed' : outcome.kind
}

/** Messages that go back without an attempt, and that the queue hands to nobody any more but to its dead-letter queue. */
export function warnOfRedrive(
  records: readonly FlowRecord[],
  { log }: FlowContext,
  { maxReceiveCount }: FlowSettings,
): void {
  if (maxReceiveCount === null) return
  const spent = records.filter((record) => receivesOf(record) >= maxReceiveCount)
  if (spent.length === 0) return
  log.warn(
    { records: spent.length, messageIds: idsOf(spent.slice(0, idsMax)), maxReceiveCount },
    "Messages go back to the queue without an attempt. The queue's redrive policy moves them to its dead-letter queue: redrive them from there.",
  )
}

/** A record is held three times while it runs: as it came, in its event, and on the way. */
const copies = 3

/** Records that even alone are more than the process means to hold: they are run all the same, one at a time. */
export function warnOfSize(records: readonly FlowRecord[], { log, services }: FlowContext): void {
  const { bytesMax } = services.memory
  const large = records.filter(({ bytes }) => bytes * copies > bytesMax)
  if (large.length === 0) return
  log.warn(
    {
      messageIds: idsOf(large.slice(0, idsMax)),
      bytes: Math.max(...large.map(({ bytes }) => bytes)),
      memoryBytes: bytesMax,
    },
    'A record alone is more than the memory that all mappings share. It is run all the same; set memory (--memory, MILLRACE_MEMORY) higher.',
  )
}

function idsOf(records: readonly FlowRecord[]): readonly string[] {
  return records.map((record) => record.id)
}

/** A queue counts the attempts: each comes by a receive of its own. */
function receivesOf({ fragment }: { readonly fragment: string }): number {
  return Number(objectOf(objectOf(parseJson(fragment))['attributes'])['ApproximateReceiveCount'] ?? 0) || 0
}

const reasonLengthMax = 1_000

/** What a function says is as long as it likes. */
function logged(
  what: ReturnType<typeof whatFailed>,
  isPrivate: boolean,
): Omit<typeof what, 'reason'> & { reason?: string } {
  const { reason, ...rest } = what
  if (isPrivate) return rest
  return { ...rest, reason: reason.length > reasonLengthMax ? `${reason.slice(0, reasonLengthMax)}…` : reason }
}

function whatFailed(outcome: AttemptFailed['outcome']): {
  readonly errorType: string
  readonly reason: string
  readonly requestId?: string | undefined
  readonly advice?: string
} {
  switch (outcome.kind) {
    case 'failed':
      return { errorType: outcome.errorType, reason: outcome.message, requestId: outcome.reply?.requestId }
    case 'partial':
      return {
        errorType: 'ReportBatchItemFailures',
        reason: `${outcome.failed.length} records were reported as failed`,
        requestId: outcome.reply.requestId,
      }
    case 'notRun':
      return { errorType: outcome.reason, reason: outcome.message, advice: functionFailures[outcome.reason].advice }
    case 'oversize':
      return {
        errorType: 'oversize',
        reason: `the record alone makes an event of ${outcome.bytes} bytes (6 MB at most)`,
      }
    default:
      return outcome satisfies never
  }
}

function afterwards(next: NextStep): { readonly next: string; readonly nextRetryMs?: number } {
  if (next.kind === 'retry' || next.kind === 'visibility') return { next: next.kind, nextRetryMs: next.inMs }
  return { next: next.kind === 'discard' ? `discard: ${next.condition}` : next.kind }
}

/** News for LastProcessingResult after an attempt (behaviour §1.4: a partial failure leaves "OK"). */
export function resultOfOutcome(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case 'succeeded':
    case 'partial':
      return processingResults.ok
    case 'failed':
      return resultOf(functionFailures.failed, outcome.message)
    case 'notRun':
      return resultOf(functionFailures[outcome.reason], outcome.message)
    default:
      return outcome satisfies never
  }
}
