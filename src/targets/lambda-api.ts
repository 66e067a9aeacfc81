import type { AwsAccess, AwsCaller, HttpResult } from '../access/aws-access.ts'
import { isJsonObject, parseJson, stringOf } from '../events/json-value.ts'
import { functionNameLengthMax, parseFunctionName, type FunctionReference } from '../model/arn.ts'
import { functionTimeoutMsMax } from '../model/limits.ts'
import type { Clock, FunctionDescription, InvokeRequest, InvokeResult, Target } from '../ports.ts'
import { startDeadline, type AttemptDeadline } from './attempt-deadline.ts'
import { describeAnswer, interpretLambdaAnswer, serviceErrorOf, type LambdaAnswer } from './lambda-answer.ts'

/**
 * What an attempt may take beyond the longest timeout of a function: starting an environment, pulling an image. The
 * endpoint ends a function in time; this only ends an endpoint that never answers.
 */
const startupMsMax = 60_000

/** Functions behind a Lambda Invoke API on any endpoint. One attempt is one HTTP request. */
export function createLambdaApi(access: AwsAccess, clock: Clock): Target {
  return {
    async invoke(request, signal) {
      signal.throwIfAborted()
      const reference = parseFunctionName(request.functionName)
      if (reference === undefined) return { kind: 'missing', message: notAName(request.functionName) }
      const caller = access.service('lambda', reference.region, reference.account)
      const deadline = startDeadline(clock, functionTimeoutMsMax + startupMsMax, signal)
      try {
        const result = await post(caller, reference, request, deadline.signal)
        if (result.kind === 'ok') return interpretLambdaAnswer(result, () => clock.uuid())
        return noAnswer(result, { signal, deadline, endpoint: caller.endpoint })
      } catch (error) {
        if (deadline.expired()) return timedOut(caller.endpoint)
        throw error
      } finally {
        deadline.dispose()
      }
    },

    async describe(functionName, signal) {
      const reference = parseFunctionName(functionName)
      if (reference === undefined) return { kind: 'missing', message: notAName(functionName) }
      const caller = access.service('lambda', reference.region, reference.account)
      const configuration = await get(caller, reference, '/configuration', signal)
      if (configuration.kind !== 'ok' || !isUnknownRoute(configuration)) return descriptionOf(configuration, reference)
      // Some emulators know only the older of the two ways.
      return descriptionOf(await get(caller, reference, '', signal), reference)
    },
  }
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
  return `/2015-03-31/functions/${encodeURIComponent(unqualified(reference))}${resource}${query}`
}

/** As it was given, so that an endpoint with several accounts and regions finds the right one. */
function unqualified({ arn, region, account, name, qualifier }: FunctionReference): string {
  if (arn !== undefined) return qualifier === undefined ? arn : arn.slice(0, -(qualifier.length + 1))
  if (account === undefined) return name
  return [...(region === undefined ? [] : [region]), account, 'function', name].join(':')
}

interface Attempt {
  readonly signal: AbortSignal
  readonly deadline: AttemptDeadline
  readonly endpoint: string
}

function noAnswer(result: Exclude<HttpResult, { kind: 'ok' }>, { signal, deadline, endpoint }: Attempt): InvokeResult {
  if (deadline.expired()) return timedOut(endpoint)
  signal.throwIfAborted()
  // A reply lost after acceptance: the function has run or runs now (spec §13.11).
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

function descriptionOf(result: HttpResult, reference: FunctionReference): FunctionDescription {
  if (result.kind !== 'ok') return { kind: 'unknown', message: result.message }
  const error = serviceErrorOf(result)
  if (result.status === 404 && error?.type === 'ResourceNotFoundException') {
    return { kind: 'missing', message: describeAnswer(result, error) }
  }
  const body = result.status === 200 ? parseJson(result.body) : undefined
  const document = isJsonObject(body) && isJsonObject(body['Configuration']) ? body['Configuration'] : body
  if (!isJsonObject(document)) return { kind: 'unknown', message: describeAnswer(result, error) }
  const timeoutS = document['Timeout']
  return {
    kind: 'found',
    arn: qualifiedArn(stringOf(document['FunctionArn']), reference),
    timeoutMs: typeof timeoutS === 'number' && timeoutS > 0 ? timeoutS * 1_000 : null,
    concurrency: null,
  }
}

/** With the qualifier that was asked for, whatever the endpoint appends by itself. */
function qualifiedArn(arn: string | undefined, { qualifier }: FunctionReference): string | null {
  const parsed = arn === undefined ? undefined : parseFunctionName(arn)
  if (parsed?.arn === undefined) return null
  return qualifier === undefined ? unqualified(parsed) : `${unqualified(parsed)}:${qualifier}`
}

/** Not a statement about the function: the endpoint does not have this operation (serverless-offline). */
function isUnknownRoute(answer: LambdaAnswer): boolean {
  if (answer.status === 405 || answer.status === 501) return true
  return answer.status === 404 && serviceErrorOf(answer)?.type !== 'ResourceNotFoundException'
}

function notAName(text: string): string {
  return text.length > functionNameLengthMax
    ? `A function's name has at most ${functionNameLengthMax} characters.`
    : `'${text}' is not a function name, a partial ARN or an ARN of a function.`
}
