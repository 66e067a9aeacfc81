import type { FastifyReply, FastifyRequest } from 'fastify'
import { eventPayloadBytesMax, invokePayloadBytesMax } from '../model/limits.ts'
import type { InvokeRequest, InvokeResult } from '../ports.ts'
import type { ApiDeps } from './api-deps.ts'
import type { AsyncInvocations } from './async-invocations.ts'
import { sendError, type ErrorResponse } from './error-response.ts'
import { whenOver } from './pass-through.ts'
import { readBody } from './request-body.ts'

/** Invoke of a function of the config, synchronous, asynchronous or dry (API_Invoke). */
export type Invoke = (functionName: string, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

type Deps = Pick<ApiDeps, 'functions'>

/** Synchronous invocations that run or wait at once. The gate bounds their payloads, and lets in twice as many requests. */
const syncMax = 500

export function createInvoke(deps: Deps, asyncInvocations: AsyncInvocations, ended: AbortSignal): Invoke {
  let running = 0

  /** A client that leaves takes its place in the queue, and its payload, with it. */
  const invokeNow = async (invocation: InvokeRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (running >= syncMax) return sendError(reply, throttled('Rate Exceeded.'))
    running += 1
    const result = await deps.functions
      .invoke(invocation, whenOver(reply, ended))
      .catch((error: unknown) => {
        if (reply.raw.closed) return null
        throw error
      })
      .finally(() => {
        running -= 1
      })
    return result === null ? reply : answer(reply, result)
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
    if (type === 'RequestResponse') return await invokeNow({ functionName, payload, traceHeader }, reply)
    if (!asyncInvocations.accept(functionName, payload, traceHeader))
      return sendError(reply, throttled('Rate Exceeded.'))
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
    case 'noLambda':
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
