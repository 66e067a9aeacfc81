import type { FlowEvent, FlowRequest, ReadOutcome } from '../core/flow/messages.ts'
import { batchEvent } from '../events/batch-event.ts'
import { isoSeconds } from '../events/event-time.ts'
import { judgeReply } from '../events/response.ts'
import { lineageCountMax, longestChain } from '../events/trace.ts'
import type { Outcome } from '../model/invocation.ts'
import type { FlowRecord } from '../model/record.ts'
import { isStream } from '../model/source.ts'
import type { InvocationMeasure } from '../model/mapping-meter.ts'
import { invocationSucceeded } from '../observe/pretty.ts'
import type { InvokeResult, ReadResult, SettleRefusal } from '../ports.ts'
import type { AttemptIds } from './attempt-ids.ts'
import { deliverFailure } from './delivery.ts'
import type { FlowContext, FlowSettings } from './flow-context.ts'
import { warnOfRedrive, warnOfSize } from './flow-report.ts'
import { lostReply } from './lost-reply.ts'
import { sourceNowMs } from './source-time.ts'
import type { RecordSieve } from './record-sieve.ts'
import { reachesTip } from './tip.ts'
import { untilStored } from './until-stored.ts'

/** What carrying out a request needs beside the context. The settings are those of the moment it was asked. */
export interface RequestScope {
  readonly context: FlowContext
  readonly settings: FlowSettings
  readonly attemptIds: AttemptIds
  readonly fence: number
  /** The life of the stream that the flow reads, as it knows. */
  readonly incarnation: string
  readonly signal: AbortSignal
  readonly sieve: RecordSieve
  /** How far behind the tip the source says it was read. */
  readonly noteBehind: (behindMs: number | null) => void
}

type Of<Kind extends FlowRequest['kind']> = Extract<FlowRequest, { kind: Kind }>
type Answer = Exclude<FlowEvent, { kind: 'permitted' }>

/** Carries one request out and answers it. Rejects only when it was given up. Permits are the runner's own business. */
export function perform(request: Exclude<FlowRequest, { kind: 'permit' }>, scope: RequestScope): Promise<Answer> {
  switch (request.kind) {
    case 'read':
      return read(request, scope)
    case 'invoke':
      return invoke(request, scope)
    case 'settle':
      return settle(request, scope)
    case 'extend':
      return extend(request, scope)
    case 'look':
      return look(request, scope)
    case 'release':
      return release(request, scope)
    case 'discard':
      return discard(request, scope)
    case 'checkpoint':
      return checkpoint(request, scope)
    default:
      return request satisfies never
  }
}

async function read(request: Of<'read'>, scope: RequestScope): Promise<Answer> {
  const { context, signal } = scope
  const { clock } = context.services
  const { id, recordsMax, waitMs, visibilityMs, from } = request
  const attemptId = scope.attemptIds.of(request)
  const shardId = from === null ? '' : context.identity.flow
  // Said with each read: a source that told of a new life only once might tell a flow that ended meanwhile.
  const life = from === null ? {} : { incarnation: scope.incarnation }
  const startMs = clock.monoMs()
  try {
    const asked = { shardId, recordsMax, waitMs, visibilityMs, from, attemptId, ...life }
    const result = await context.source.read(asked, signal)
    // Only a read whose reply was lost is ever repeated.
    if (result.kind !== 'failed') scope.attemptIds.forget(id)
    if (result.kind === 'records') context.meter.polled(result.records.length, clock.monoMs() - startMs)
    return { kind: 'readDone', id, result: await outcomeOfRead(result, scope) }
  } catch (error) {
    if (signal.aborted) throw error
    // A thrown error is a bug of the adapter; the flow treats it as an outage and reads again, paced (sls#226).
    context.log.error({ error }, 'Reading the source threw an error.')
    return { kind: 'readDone', id, result: { kind: 'failed', message: String(error) } }
  }
}

async function outcomeOfRead(result: ReadResult, scope: RequestScope): Promise<ReadOutcome> {
  if (result.kind !== 'records') return result
  const { context } = scope
  const tip = isStream(context.identity.kind) ? reachesTip(result, sourceNowMs(context)) : result.tip
  scope.noteBehind(result.behindMs ?? (tip ? 0 : null))
  const records = await scope.sieve.mark(result.records)
  warnOfSize(records, context)
  const unmatched = records.reduce((count, record) => count + (record.matched ? 0 : 1), 0)
  if (unmatched > 0) context.meter.filteredOut(unmatched)
  return { kind: 'records', records, end: result.end, tip, fromKeptEnd: result.fromKeptEnd }
}

async function invoke(request: Of<'invoke'>, scope: RequestScope): Promise<Answer> {
  const { context, settings, signal } = scope
  const { clock, target } = context.services
  const { id, records, window } = request
  const { traceHeader, count } = longestChain(records, settings.functionName)
  if (count >= lineageCountMax && !(await target.allowsLoops(settings.functionName, signal))) {
    context.meter.recursionDropped()
    // The batch fails without running, so that the queue's redrive or the failure destination ends the loop (behaviour §2.3, §13.17).
    const message =
      `Records of this batch went through the function ${count + 1} times already: it sends what comes back to it. ` +
      'Break the loop; where it is meant, set RecursiveLoop to Allow (recursiveLoop: allow for a function of the config).'
    const outcome = { kind: 'failed', reply: null, errorType: 'Lambda.RecursiveInvocation', message } as const
    return { kind: 'invoked', id, outcome }
  }
  const frame = window && { frame: window, shardId: context.identity.flow, eventSourceArn: settings.sourceArn }
  const payload = batchEvent(
    records.map((record) => record.fragment),
    frame,
  )
  measureAge(context, records)
  const ended = context.meter.invokeStarted(records.length)
  const startMs = clock.monoMs()
  let outcome: Outcome | null = null
  try {
    const result = await target.invoke({ functionName: settings.functionName, payload, traceHeader }, signal)
    outcome = outcomeOfInvoke(result, request, scope)
    if (outcome.kind === 'succeeded')
      tellSuccess(context, result, { records: records.length, durationMs: clock.monoMs() - startMs })
  } catch (error) {
    if (signal.aborted) throw error
    // The function may have run: it counts as an attempt.
    context.log.error({ error }, 'Invoking the function threw an error.')
    outcome = { kind: 'failed', reply: null, errorType: 'Millrace.InternalError', message: String(error) }
  } finally {
    ended(measureOf(outcome, records.length, clock.monoMs() - startMs))
  }
  return { kind: 'invoked', id, outcome }
}

function tellSuccess(
  { log }: FlowContext,
  result: InvokeResult,
  facts: { readonly records: number; readonly durationMs: number },
): void {
  const requestId = result.kind === 'answered' ? result.reply.requestId : undefined
  log.debug({ ...facts, requestId }, invocationSucceeded)
}

function measureAge(context: FlowContext, records: readonly FlowRecord[]): void {
  const last = records.at(-1)
  if (last === undefined || !isStream(context.identity.kind)) return
  context.meter.iteratorAge(Math.max(0, sourceNowMs(context) - last.arrivedMs))
}

function outcomeOfInvoke(result: InvokeResult, request: Of<'invoke'>, { context, settings }: RequestScope): Outcome {
  switch (result.kind) {
    case 'answered':
      return judgeReply({
        reply: result.reply,
        payload: result.payload,
        ids: request.records.map((record) => record.id),
        source: context.identity.kind,
        reportsFailures: settings.reportsFailures,
        acknowledgesEmptyItem: context.services.settings.acknowledgeEmptyItems,
        window: windowOf(request),
      })
    case 'lost':
      return {
        kind: 'failed',
        reply: lostReply(settings.functionArn),
        errorType: result.errorType,
        message: result.message,
      }
    case 'throttled':
    case 'unreachable':
    case 'missing':
    case 'noLambda':
    case 'denied':
    case 'unavailable':
      return { kind: 'notRun', reason: result.kind, message: result.message, retryAfterMs: result.retryAfterMs }
    default:
      return result satisfies never
  }
}

function windowOf({ window }: Of<'invoke'>): 'none' | 'open' | 'final' {
  if (window === null) return 'none'
  return window.isFinal ? 'final' : 'open'
}

function measureOf(outcome: Outcome | null, count: number, tookMs: number): InvocationMeasure {
  const kind = outcome?.kind ?? 'cancelled'
  const failedRecords = outcome?.kind === 'partial' ? outcome.failed.length : kind === 'succeeded' ? 0 : count
  const throttled = outcome?.kind === 'notRun' && outcome.reason === 'throttled'
  return { failedRecords, outcome: kind, throttled, tookMs }
}

async function settle(request: Of<'settle'>, { context, signal }: RequestScope): Promise<Answer> {
  const { id, records, attempt, last } = request
  let failed: readonly SettleRefusal[]
  try {
    failed = (await context.source.settle(records, signal, attempt > 1)).failed
  } catch (error) {
    if (signal.aborted) throw error
    failed = records.map((_, index) => ({ index, message: String(error) }))
  }
  if (failed.length < records.length) context.meter.deleted(records.length - failed.length)
  const final = failed.filter((each) => last || each.final === true)
  const [first] = final.length > 0 ? final : failed
  // The first refusal and the last word on a message are told; the tries between would only repeat it.
  if (first !== undefined && (attempt === 1 || final.length > 0)) {
    context.log.warn(
      { failed: failed.length, of: records.length, givenUp: final.length, attempt, reason: first.message },
      final.length === failed.length
        ? 'Messages could not be deleted from the queue, which shows them again.'
        : 'Messages could not be deleted from the queue; each is tried again by itself.',
    )
  }
  return { kind: 'settled', id, failed: indexesOf(failed), final: indexesOf(final) }
}

function indexesOf(refusals: readonly SettleRefusal[]): readonly number[] {
  return refusals.map(({ index }) => index)
}

async function look({ id }: Of<'look'>, { context, settings, signal }: RequestScope): Promise<Answer> {
  try {
    return { kind: 'looked', id, answer: await context.services.target.look(settings.functionName, signal) }
  } catch (error) {
    if (signal.aborted) throw error
    context.log.debug({ error }, 'Looking at the function threw an error.')
    return { kind: 'looked', id, answer: 'unknown' }
  }
}

async function release(request: Of<'release'>, { context, settings, signal }: RequestScope): Promise<Answer> {
  warnOfRedrive(request.records, context, settings)
  try {
    await context.source.release(request.records, signal)
  } catch (error) {
    if (signal.aborted) throw error
    context.log.debug({ error }, 'Messages could not be handed back; the queue shows them when their visibility ends.')
  }
  return { kind: 'released', id: request.id }
}

async function extend(request: Of<'extend'>, { context, signal }: RequestScope): Promise<Answer> {
  const { id, records, visibilityMs } = request
  let failed: readonly SettleRefusal[]
  try {
    failed = (await context.source.extend(records, visibilityMs, signal)).failed
  } catch (error) {
    if (signal.aborted) throw error
    failed = records.map((_, index) => ({ index, message: String(error) }))
  }
  const final = failed.filter((each) => each.final === true)
  const [first] = final.length > 0 ? final : failed
  if (first !== undefined) {
    context.log[final.length > 0 ? 'warn' : 'debug'](
      { failed: failed.length, of: records.length, givenUp: final.length, reason: first.message },
      final.length > 0
        ? 'The visibility of messages that are with the function cannot be extended: unless they are deleted, the queue shows them when it ends.'
        : 'The visibility of messages could not be extended; it is tried again.',
    )
  }
  return { kind: 'extended', id, failed: indexesOf(failed), final: indexesOf(final) }
}

async function discard(request: Of<'discard'>, { context, settings, signal }: RequestScope): Promise<Answer> {
  const fate = await deliverFailure(context, settings, request, signal)
  if (fate === 'delivered') context.meter.delivered(request.records.length)
  else if (request.records.length === 0) {
    context.log.error(
      { condition: request.condition, window: request.window && isoSeconds(request.window.startMs), fate },
      'The state of a tumbling window was dropped: its final invocation was given up.',
    )
  }
  return { kind: 'discarded', id: request.id, fate }
}

/** A store that cannot be written holds the flow up: progress that is not written down is none. */
async function checkpoint(request: Of<'checkpoint'>, { context, fence, signal }: RequestScope): Promise<Answer> {
  const { clock, store } = context.services
  const { uuid, flow } = context.identity
  const answer = await untilStored(() => store.writeCheckpoint(uuid, flow, fence, request.checkpoint), {
    clock,
    signal,
    failed: (error, tries) => {
      if (tries === 1) context.log.debug({ error }, 'The checkpoint cannot be written; it is tried until it can.')
    },
  })
  return { kind: answer === 'written' ? 'checkpointed' : 'fenced', id: request.id }
}
