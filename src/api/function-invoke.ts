import type { FastifyReply, FastifyRequest } from 'fastify'
import { isJson } from '../events/json-value.ts'
import type { InvocationReply } from '../model/invocation.ts'
import { eventPayloadBytesMax, invokePayloadBytesMax } from '../model/limits.ts'
import type { InvokeRequest, InvokeResult } from '../ports.ts'
import type { ApiDeps } from './api-deps.ts'
import type { AsyncInvocations } from './async-invocations.ts'
import { sendError, type ErrorResponse } from './error-response.ts'
import { whenOver } from './pass-through.ts'
import { readBody } from './request-body.ts'
import { sendResponseStream } from './response-stream.ts'

/** Invocations of a function of the config by hand. */
export interface Invocations {
  /** Synchronous, asynchronous or dry (API_Invoke). */
  readonly invoke: Invoke
  /** InvokeWithResponseStream: the answer is put together first, and streamed in one piece. */
  readonly stream: Invoke
}

type Invoke = (functionName: string, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

type Deps = Pick<ApiDeps, 'functions'>

/** Synchronous invocations that run or wait at once. The gate bounds their payloads, and lets in twice as many requests. */
const syncMax = 500

export function createInvocations(deps: Deps, asyncInvocations: AsyncInvocations, ended: AbortSignal): Invocations {
  const later: Run = (reply, { functionName, payload, traceHeader }) =>
    asyncInvocations.accept(functionName, payload, traceHeader)
      ? reply.code(202).send()
      : sendError(reply, throttled('Rate Exceeded.'))

  let running = 0

  /** A client that leaves takes its place in the queue, and its payload, with it. */
  const now =
    (send: Send): Run =>
    async (reply, invocation) => {
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
      return result === null ? reply : answer(reply, result, send)
    }

  const create = (operation: string, runs: ReadonlyMap<string, Run>): Invoke => {
    return async (functionName, request, reply) => {
      const type = String(request.headers['x-amz-invocation-type'] ?? synchronous)
      const run = runs.get(type)
      if (run === undefined) return sendError(reply, unknownType(type, [...runs.keys()]))
      const read = await readInvocation(request, functionName, { type, operation })
      return 'status' in read ? sendError(reply, read) : run(reply, read)
    }
  }
  const whole = new Map([
    [asynchronous, later],
    [synchronous, now(sendWhole)],
    ['DryRun', dry],
  ])
  const streamed = new Map([
    [synchronous, now(sendResponseStream)],
    ['DryRun', dry],
  ])
  return {
    invoke: create('InvokeFunction', whole),
    stream: create('InvokeWithResponseStream', streamed),
  }
}

const synchronous = 'RequestResponse'
const asynchronous = 'Event'

type Run = (reply: FastifyReply, invocation: InvokeRequest) => FastifyReply | Promise<FastifyReply>

const dry: Run = (reply) => reply.code(204).send()

/** The invocation, or why it is refused. */
async function readInvocation(
  request: FastifyRequest,
  functionName: string,
  { operation, type }: { readonly operation: string; readonly type: string },
): Promise<InvokeRequest | ErrorResponse> {
  const body = await readBody(request, invokePayloadBytesMax, operation)
  if (type === asynchronous && body.length > eventPayloadBytesMax) return tooLargeForEvent(body.length)
  const payload = body.length === 0 ? '{}' : body.toString()
  if (!isJson(payload)) return notJson
  const traceHeader = headerOf(request, 'x-amzn-trace-id')
  // Asynchronous invocations have none (API_Invoke, ClientContext).
  const clientContext = type === synchronous ? headerOf(request, 'x-amz-client-context') : undefined
  if (clientContext !== undefined && !isContext(clientContext)) return notContext
  return { functionName, payload, traceHeader, ...(clientContext !== undefined && { clientContext }) }
}

type Send = (reply: FastifyReply, answered: Pick<InvocationReply, 'functionError'>, payload: string) => FastifyReply

const sendWhole: Send = (reply, { functionError }, payload) => {
  if (functionError !== null) reply.header('x-amz-function-error', functionError)
  return reply.header('content-type', 'application/json').send(payload)
}

function answer(reply: FastifyReply, result: InvokeResult, send: Send): FastifyReply {
  switch (result.kind) {
    case 'answered': {
      const { executedVersion, requestId, statusCode } = result.reply
      reply.code(statusCode).headers({ 'x-amz-executed-version': executedVersion, 'x-amzn-requestid': requestId })
      return send(reply, result.reply, result.payload)
    }
    case 'lost': {
      const error = { errorType: result.errorType, errorMessage: result.message }
      return send(reply.code(200), { functionError: 'Unhandled' }, JSON.stringify(error))
    }
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

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const given = request.headers[name]
  return typeof given === 'string' && given !== '' ? given : undefined
}

/** A JSON object in base64, as AWS demands. */
function isContext(text: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && /^\s*\{/.test(fromBase64(text)) && isJson(fromBase64(text))
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString()
}

const notJson: ErrorResponse = {
  status: 400,
  type: 'InvalidRequestContentException',
  message: 'Could not parse request body into json.',
}

const notContext: ErrorResponse = {
  status: 400,
  type: 'InvalidRequestContentException',
  message: 'Client context must be a valid Base64-encoded JSON object.',
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

function unknownType(type: string, types: readonly string[]): ErrorResponse {
  return {
    status: 400,
    type: 'ValidationException',
    message: `1 validation error detected: Value '${type}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [${types.join(', ')}]`,
  }
}
