import type { FastifyReply, FastifyRequest } from 'fastify'
import { eventPayloadBytesMax, invokePayloadBytesMax } from '../model/limits.ts'
import type { InvokeResult } from '../ports.ts'
import type { ApiDeps } from './api-deps.ts'
import { sendError, type ErrorResponse } from './error-response.ts'
import { readBody } from './request-body.ts'

/** Invoke of a function of the config, synchronous, asynchronous or dry (API_Invoke). */
export type Invoke = (functionName: string, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

type Deps = Pick<ApiDeps, 'functions' | 'clock' | 'log'>

/** Asynchronous invocations that have been accepted and not run yet; beyond them Lambda's own answer is a throttle. */
const asyncMax = 1_000
/** The payloads of all of them together: Lambda's queue is no memory of ours. */
const asyncBytesMax = 64 * 1_048_576
/** An asynchronous invocation that could not run is tried again, the pause doubling: about 4 minutes in all. */
const asyncAttemptsMax = 8
const asyncPauseMs = 1_000

export function createInvoke(deps: Deps, ended: AbortSignal): Invoke {
  let accepted = 0
  let acceptedBytes = 0

  async function runLater(functionName: string, payload: string, traceHeader: string | undefined): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const result = await deps.functions.invoke({ functionName, payload, traceHeader }, ended)
      if (isFailure(result)) deps.log.warn({ functionName, result }, 'An asynchronous invocation failed.')
      if (result.kind === 'answered' || result.kind === 'lost') return
      if (attempt === asyncAttemptsMax || result.kind === 'missing' || result.kind === 'denied') {
        deps.log.error({ functionName, attempt }, 'An asynchronous invocation is given up: the function did not run.')
        return
      }
      await pause(deps.clock, asyncPauseMs * 2 ** (attempt - 1), ended)
    }
  }

  /** False: too many are waiting. */
  function accept(functionName: string, payload: string, traceHeader: string | undefined): boolean {
    const bytes = Buffer.byteLength(payload)
    if (accepted >= asyncMax || acceptedBytes + bytes > asyncBytesMax) return false
    accepted += 1
    acceptedBytes += bytes
    runLater(functionName, payload, traceHeader)
      .catch((error: unknown) => {
        if (!ended.aborted) deps.log.error({ error, functionName }, 'An asynchronous invocation failed.')
      })
      .finally(() => {
        accepted -= 1
        acceptedBytes -= bytes
      })
    return true
  }

  return async (functionName, request, reply) => {
    const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse'
    if (type !== 'RequestResponse' && type !== 'Event' && type !== 'DryRun') return sendError(reply, unknownType(type))
    const body = await readBody(request, invokePayloadBytesMax, 'InvokeFunction')
    if (type === 'Event' && body.length > eventPayloadBytesMax) return sendError(reply, tooLargeForEvent(body.length))
    const payload = body.length === 0 ? '{}' : body.toString()
    if (!isJson(payload)) return sendError(reply, notJson)
    if (type === 'DryRun') return reply.code(204).send()
    const traceHeader = traceHeaderOf(request)
    if (type === 'RequestResponse') {
      return answer(reply, await deps.functions.invoke({ functionName, payload, traceHeader }, ended))
    }
    if (!accept(functionName, payload, traceHeader)) return sendError(reply, throttled('Rate Exceeded.'))
    return reply.code(202).send()
  }
}

function answer(reply: FastifyReply, result: InvokeResult): FastifyReply {
  switch (result.kind) {
    case 'answered': {
      const { executedVersion, functionError, requestId, statusCode } = result.reply
      if (functionError !== null) reply.header('x-amz-function-error', functionError)
      return reply
        .code(statusCode)
        .headers({ 'x-amz-executed-version': executedVersion, 'x-amzn-requestid': requestId })
        .header('content-type', 'application/json')
        .send(result.payload)
    }
    case 'lost':
      return reply
        .code(200)
        .headers({ 'x-amz-function-error': 'Unhandled', 'content-type': 'application/json' })
        .send(JSON.stringify({ errorType: result.errorType, errorMessage: result.message }))
    case 'throttled':
      return sendError(reply, throttled(result.message))
    case 'missing':
      return sendError(reply, { status: 404, type: 'ResourceNotFoundException', message: result.message })
    case 'denied':
      return sendError(reply, { status: 403, type: 'AccessDeniedException', message: result.message })
    case 'unreachable':
    case 'unavailable':
      return sendError(reply, { status: 502, type: 'ServiceException', message: result.message })
    default:
      return result satisfies never
  }
}

function traceHeaderOf(request: FastifyRequest): string | undefined {
  const given = request.headers['x-amzn-trace-id']
  return typeof given === 'string' ? given : undefined
}

function isFailure(result: InvokeResult): boolean {
  return result.kind !== 'answered' || result.reply.functionError !== null
}

function pause(clock: Deps['clock'], ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(clock.monoMs() + ms, resolve)
    const stop = () => {
      cancel()
      reject(new Error('Millrace is stopping.'))
    }
    if (ended.aborted) stop()
    else ended.addEventListener('abort', stop, { once: true })
  })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const notJson: ErrorResponse = {
  status: 400,
  type: 'InvalidRequestContentException',
  message: 'Could not parse request body into json.',
}

function tooLargeForEvent(bytes: number): ErrorResponse {
  return {
    status: 413,
    type: 'RequestEntityTooLargeException',
    message: `${bytes} byte payload is too large for the Event invocation type (limit ${eventPayloadBytesMax} bytes)`,
  }
}

function throttled(message: string): ErrorResponse {
  return { status: 429, type: 'TooManyRequestsException', message }
}

function unknownType(type: string | readonly string[]): ErrorResponse {
  return {
    status: 400,
    type: 'ValidationException',
    message: `1 validation error detected: Value '${String(type)}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`,
  }
}
