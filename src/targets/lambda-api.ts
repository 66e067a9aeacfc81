import type { AwsAccess, AwsCaller, HttpResult } from '../access/aws-access.ts'
import { functionNameLengthMax, parseFunctionName, unqualifiedFunction, type FunctionReference } from '../model/arn.ts'
import { functionTimeoutMsMax } from '../model/limits.ts'
import type { Clock, InvokeRequest, InvokeResult, Target } from '../ports.ts'
import { startDeadline, type AttemptDeadline } from './attempt-deadline.ts'
import type { AttemptSpot } from './attempt-line.ts'
import { awsPace, FunctionBook, paceElsewhere, type Described } from './function-book.ts'
import { interpretLambdaAnswer, isDoubtful, noLambda, responseTooLarge } from './lambda-answer.ts'
import { descriptionOf, isLambdaVoice, isUnknownRoute } from './lambda-description.ts'
import { createRecursionConfig } from './recursion-config.ts'

/**
 * What an attempt may take beyond the function's timeout: starting an environment, and after a silence pulling its image. The endpoint
 * ends a function in time; this only ends an endpoint that does not.
 */
const startMs = 30_000
const coldStartMs = 120_000
/** The longest timeout of a function, and a start: where the timeout is unknown, and for who waits its turn at the endpoint. */
const attemptMsMax = functionTimeoutMsMax + 60_000
/** An answer of this moment: attempts that end together ask once. */
const momentMs = 1_000

/** Functions behind a Lambda Invoke API on any endpoint. One attempt is one HTTP request. */
export function createLambdaApi(access: AwsAccess, clock: Clock): Target {
  const isAws = access.isAws('lambda')
  const book = new FunctionBook(
    clock,
    (functionName, signal) => describe(access, functionName, signal),
    isAws ? awsPace : paceElsewhere,
  )
  /** Endpoints that have shown that they are a Lambda: an empty 200 of theirs is believed. */
  const believed = new Set<string>()

  async function judge(answer: Answer, { caller, reference }: Called, signal: AbortSignal): Promise<InvokeResult> {
    const { endpoint } = caller
    if (isDoubtful(answer) && !believed.has(endpoint)) {
      const other = await get(caller, reference, '/configuration', signal)
      if (other.kind !== 'ok') return { kind: 'lost', errorType: 'Invoke.ReplyLost', message: other.message }
      if (!isLambdaVoice(other)) return at(endpoint, noLambda(answer.status, 'an empty body, as to everything'))
      believed.add(endpoint)
    }
    const result = interpretLambdaAnswer(answer, () => clock.uuid())
    return result.kind === 'noLambda' ? at(endpoint, result) : result
  }

  return {
    allowsLoops: createRecursionConfig(access, clock),

    async invoke(request, signal) {
      signal.throwIfAborted()
      const reference = parseFunctionName(request.functionName)
      if (reference === undefined) return { kind: 'missing', message: notAName(request.functionName) }
      const caller = access.service('lambda', reference.region, reference.account)
      const spot = book.line(request.functionName).enter(clock.monoMs())
      const lasts = (): number => attemptMs(spot, book.timeoutMs(request.functionName))
      const deadline = startDeadline(clock, lasts(), signal, async (asking) => {
        // Those before it were answered meanwhile: nothing to ask.
        if (clock.monoMs() - spot.sentMs < lasts()) return lasts()
        await book.now(request.functionName, momentMs, asking)
        return lasts()
      })
      let answeredMs: number | null = null
      try {
        const result = await post(caller, reference, request, deadline.signal)
        if (result.kind === 'ok' || result.cutOff !== undefined) answeredMs = clock.monoMs()
        if (result.kind === 'ok') return await judge(result, { caller, reference }, deadline.signal)
        const { cutOff } = result
        if (cutOff?.status === 200) return responseTooLarge(cutOff.headers['x-amzn-requestid'] ?? clock.uuid())
        const lastedMs = clock.monoMs() - spot.sentMs
        return noAnswer(result, { signal, deadline, lastedMs, endpoint: caller.endpoint })
      } catch (error) {
        if (deadline.expired()) return timedOut(caller.endpoint, clock.monoMs() - spot.sentMs)
        throw error
      } finally {
        spot.leave(clock.monoMs(), answeredMs)
        deadline.dispose()
      }
    },

    async describe(functionName, signal, lately = false) {
      const described = lately ? book.lately(functionName, signal) : book.now(functionName, 0, signal)
      return (await described).description
    },

    async look(functionName, signal) {
      // Where questions are few, a look that is not to be had soon tells nothing.
      const described = isAws ? book.lately(functionName, signal, momentMs) : book.now(functionName, 0, signal)
      const { description, isReached } = await described
      if (!isReached) return 'unreachable'
      return lookOf[description.kind]
    },
  }
}

/** How long an attempt may last in all. */
function attemptMs(spot: AttemptSpot, timeoutMs: number | null): number {
  if (timeoutMs === null) return attemptMsMax
  const waitedMs = spot.beganMs() - spot.sentMs
  const longestMs = Math.max(attemptMsMax, timeoutMs + startMs)
  return Math.min(longestMs, waitedMs + timeoutMs + (spot.isCold ? coldStartMs : startMs))
}

const lookOf = { found: 'answers', missing: 'missing', noLambda: 'missing', unknown: 'unknown' } as const

async function describe(access: AwsAccess, functionName: string, signal: AbortSignal): Promise<Described> {
  const reference = parseFunctionName(functionName)
  if (reference === undefined) {
    return { description: { kind: 'missing', message: notAName(functionName) }, isReached: true }
  }
  const caller = access.service('lambda', reference.region, reference.account)
  const configuration = await get(caller, reference, '/configuration', signal)
  const isReached = configuration.kind === 'ok'
  const first = descriptionOf(configuration, reference)
  const mayBeAlias = first.kind === 'missing' && reference.qualifier !== undefined
  const isOpen = first.kind === 'unknown' && isUnknownRoute(configuration)
  if (!mayBeAlias && !isOpen) return { description: at(caller.endpoint, first), isReached }
  // Some emulators know only this one of the two ways; LocalStack knows an alias by no other.
  const second = descriptionOf(await get(caller, reference, '', signal), reference)
  return { description: at(caller.endpoint, second.kind === 'unknown' ? first : second), isReached }
}

type Answer = Extract<HttpResult, { kind: 'ok' }>

interface Called {
  readonly caller: AwsCaller
  readonly reference: FunctionReference
}

/** The endpoint is named where it is the one to be corrected. */
function at<T extends { readonly kind: string }>(endpoint: string, result: T): T {
  return result.kind === 'noLambda' && 'message' in result
    ? { ...result, message: `${endpoint}: ${String(result.message)}` }
    : result
}

function post(
  caller: AwsCaller,
  reference: FunctionReference,
  request: InvokeRequest,
  signal: AbortSignal,
): Promise<HttpResult> {
  return caller.http(
    {
      method: 'POST',
      path: pathOf(reference, '/invocations'),
      headers: {
        'content-type': 'application/json',
        'x-amz-invocation-type': 'RequestResponse',
        ...(request.traceHeader !== undefined && { 'x-amzn-trace-id': request.traceHeader }),
        ...(request.clientContext !== undefined && { 'x-amz-client-context': request.clientContext }),
      },
      body: request.payload,
    },
    'invoke',
    signal,
  )
}

function get(
  caller: AwsCaller,
  reference: FunctionReference,
  resource: string,
  signal: AbortSignal,
): Promise<HttpResult> {
  return caller.http({ method: 'GET', path: pathOf(reference, resource), headers: {}, body: '' }, 'control', signal)
}

/** The qualifier always goes into the query: not every emulator looks for it in the name. */
function pathOf(reference: FunctionReference, resource: string): string {
  const { qualifier } = reference
  const query = qualifier === undefined ? '' : `?Qualifier=${encodeURIComponent(qualifier)}`
  return `/2015-03-31/functions/${encodeURIComponent(unqualifiedFunction(reference))}${resource}${query}`
}

interface Attempt {
  readonly signal: AbortSignal
  readonly deadline: AttemptDeadline
  readonly lastedMs: number
  readonly endpoint: string
}

function noAnswer(
  result: Exclude<HttpResult, { kind: 'ok' }>,
  { signal, deadline, lastedMs, endpoint }: Attempt,
): InvokeResult {
  if (deadline.expired()) return timedOut(endpoint, lastedMs)
  signal.throwIfAborted()
  // A reply lost after acceptance: the function has run or runs now (behaviour §13.11).
  if (result.sent) return { kind: 'lost', errorType: 'Invoke.ReplyLost', message: result.message }
  return { kind: 'unreachable', message: result.message }
}

function timedOut(endpoint: string, lastedMs: number): InvokeResult {
  return {
    kind: 'lost',
    errorType: 'Sandbox.Timedout',
    message: `${endpoint} gave no answer within ${Math.round(lastedMs / 1_000)} s, the function’s timeout and what its start may take; the attempt was ended here.`,
  }
}

function notAName(text: string): string {
  return text.length > functionNameLengthMax
    ? `A function's name has at most ${functionNameLengthMax} characters.`
    : `'${text}' is not a function name, a partial ARN or an ARN of a function.`
}
