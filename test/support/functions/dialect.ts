import type { Behaviour } from './behaviour.ts'

/**
 * Who the server pretends to be. `lambda`: the Invoke API of AWS and of full emulators. `rie`: the Runtime Interface
 * Emulator as built in 2026. `rie-old`: builds that answer an empty body when the runtime dies.
 */
export type Dialect = 'lambda' | 'rie' | 'rie-old'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What the wire shows of a behaviour that ends in an answer. */
export function answerOf(
  dialect: Dialect,
  behaviour: Exclude<Behaviour, { kind: 'reset' | 'hang' }>,
  requestId: string,
): Answer {
  if (behaviour.kind === 'raw') return behaviour
  return dialect === 'lambda' ? lambdaAnswer(behaviour, requestId) : rieAnswer(dialect, behaviour)
}

type Answered = Exclude<Behaviour, { kind: 'reset' | 'hang' | 'raw' }>

function lambdaAnswer(behaviour: Answered, requestId: string): Answer {
  switch (behaviour.kind) {
    case 'ok':
      return lambdaReply(requestId, behaviour.payload, { 'x-amz-executed-version': behaviour.version ?? '$LATEST' })
    case 'error':
      return lambdaFailure(requestId, behaviour.errorType, behaviour.message)
    case 'timeout':
      return lambdaFailure(
        requestId,
        'Sandbox.Timedout',
        `RequestId: ${requestId} Error: Task timed out after ${behaviour.seconds.toFixed(2)} seconds`,
      )
    case 'exit':
      return lambdaFailure(
        requestId,
        'Runtime.ExitError',
        `RequestId: ${requestId} Error: Runtime exited with error: exit status 1`,
      )
    case 'throttle':
      return {
        status: 429,
        headers: {
          'content-type': 'application/json',
          'x-amzn-requestid': requestId,
          'x-amzn-errortype': 'TooManyRequestsException',
          ...(behaviour.retryAfterS !== undefined && { 'retry-after': String(behaviour.retryAfterS) }),
        },
        body: '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
      }
    default:
      return behaviour satisfies never
  }
}

function lambdaReply(requestId: string, body: string, headers: Readonly<Record<string, string>>): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, ...headers },
    body,
  }
}

function lambdaFailure(requestId: string, errorType: string, errorMessage: string): Answer {
  return lambdaReply(requestId, JSON.stringify({ errorMessage, errorType }), {
    'x-amz-executed-version': '$LATEST',
    'x-amz-function-error': 'Unhandled',
  })
}

function rieAnswer(dialect: 'rie' | 'rie-old', behaviour: Answered): Answer {
  const text = { 'content-type': 'text/plain; charset=utf-8' }
  switch (behaviour.kind) {
    case 'ok':
      return { status: 200, headers: text, body: behaviour.payload }
    case 'error':
      return {
        status: 200,
        headers: text,
        body: JSON.stringify({ errorMessage: behaviour.message, errorType: behaviour.errorType, stackTrace: [] }),
      }
    case 'timeout':
      return { status: 200, headers: text, body: `Task timed out after ${behaviour.seconds.toFixed(2)} seconds` }
    case 'exit':
      return {
        status: 502,
        headers: text,
        body:
          dialect === 'rie-old'
            ? ''
            : '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited with error: exit status 1"}',
      }
    case 'throttle':
      return rieBusy
    default:
      return behaviour satisfies never
  }
}

/** A second invocation while one runs. */
export const rieBusy: Answer = {
  status: 400,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'AlreadyReserved',
}
