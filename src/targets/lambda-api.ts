import type { AwsAccess, AwsCaller, HttpResult } from '../access/aws-access.ts'
import { functionNameLengthMax, parseFunctionName, unqualifiedFunction, type FunctionReference } from '../model/arn.ts'
import { functionTimeoutMsMax } from '../model/limits.ts'
import type { Clock, FunctionDescription, InvokeRequest, InvokeResult, Target } from '../ports.ts'
import { startDeadline, type AttemptDeadline } from './attempt-deadline.ts'
import { interpretLambdaAnswer, isDoubtful, noLambda, responseTooLarge } from './lambda-answer.ts'
import { descriptionOf, isLambdaVoice, isUnknownRoute } from './lambda-description.ts'
import { createRecursionConfig } from './recursion-config.ts'

/**
 * What an attempt may take beyond the longest timeout of a function: starting an environment, pulling an image. The
 * endpoint ends a function in time; this only ends an endpoint that never answers.
 */
const startupMsMax = 60_000

/** Functions behind a Lambda Invoke API on any endpoint. One attempt is one HTTP request. */
export function createLambdaApi(access: AwsAccess, clock: Clock): Target {
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
      const deadline = startDeadline(clock, functionTimeoutMsMax + startupMsMax, signal)
      try {
        const result = await post(caller, reference, request, deadline.signal)
        if (result.kind === 'ok') return await judge(result, { caller, reference }, deadline.signal)
        const { cutOff } = result
        if (cutOff?.status === 200) return responseTooLarge(cutOff.headers['x-amzn-requestid'] ?? clock.uuid())
        return noAnswer(result, { signal, deadline, endpoint: caller.endpoint })
      } catch (error) {
        if (deadline.expired()) return timedOut(caller.endpoint)
        throw error
      } finally {
        deadline.dispose()
      }
    },

    describe: async (functionName, signal) => (await describe(access, functionName, signal)).description,

    async look(functionName, signal) {
      const { description, isReached } = await describe(access, functionName, signal)
      if (!isReached) return 'unreachable'
      return lookOf[description.kind]
    },
  }
}

const lookOf = { found: 'answers', missing: 'missing', noLambda: 'missing', unknown: 'unknown' } as const

async function describe(
  access: AwsAccess,
  functionName: string,
  signal: AbortSignal,
): Promise<{ readonly description: FunctionDescription; readonly isReached: boolean }> {
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
  readonly endpoint: string
}

function noAnswer(result: Exclude<HttpResult, { kind: 'ok' }>, { signal, deadline, endpoint }: Attempt): InvokeResult {
  if (deadline.expired()) return timedOut(endpoint)
  signal.throwIfAborted()
  // A reply lost after acceptance: the function has run or runs now (behaviour §13.11).
  if (result.sent) return { kind: 'lost', errorType: 'Invoke.ReplyLost', message: result.message }
  return { kind: 'unreachable', message: result.message }
}

function timedOut(endpoint: string): InvokeResult {
  return {
    kind: 'lost',
    errorType: 'Sandbox.Timedout',
    message: `${endpoint} gave no answer within the longest time a function may take; the attempt was ended here.`,
  }
}

function notAName(text: string): string {
  return text.length > functionNameLengthMax
    ? `A function's name has at most ${functionNameLengthMax} characters.`
    : `'${text}' is not a function name, a partial ARN or an ARN of a function.`
}
