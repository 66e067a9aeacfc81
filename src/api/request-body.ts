import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { ApiError } from '../model/api-error.ts'
import { malformedJson } from '../model/mapping-validation.ts'

/** What is read past the limit before the refusal is sent, so that a client finds the answer and not a broken pipe. */
const drainBytesMax = 128 * 1_048_576

/** The whole body. Past `bytesMax` nothing is kept, and the request is refused. */
export async function readBody(request: FastifyRequest, bytesMax: number, operation: string): Promise<Buffer> {
  if (request.held === null) return await readHeld(request, bytesMax, `the ${operation} operation`)
  if (request.held.length > bytesMax) throw tooLarge(bytesMax, `the ${operation} operation`)
  return request.held
}

/** Reads a body that nobody has read yet. Its bytes count until the request is over. */
export async function readHeld(request: FastifyRequest, bytesMax: number, what: string): Promise<Buffer> {
  const { admission } = request.server
  const chunks: Buffer[] = []
  let bytes = 0
  let isCrowded = false
  try {
    for await (const chunk of request.raw) {
      const part = Buffer.from(chunk as Uint8Array)
      bytes += part.length
      if (bytes > drainBytesMax) break
      if (bytes > bytesMax || isCrowded) continue
      isCrowded = !admission.hold(part.length)
      if (isCrowded) continue
      request.heldBytes += part.length
      chunks.push(part)
    }
  } catch {
    throw unfinished()
  }
  if (bytes > bytesMax) throw tooLarge(bytesMax, what)
  if (isCrowded) throw new ApiError('TooManyRequestsException', crowded, 'MILLRACE_BUSY')
  return Buffer.concat(chunks)
}

/** Reads a body of which nothing is kept: its SHA-256, in hex. */
export async function hashBody(request: FastifyRequest, bytesMax: number, what: string): Promise<string> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of request.raw) {
      const part = chunk as Uint8Array
      bytes += part.length
      if (bytes > drainBytesMax) break
      hash.update(part)
    }
  } catch {
    throw unfinished()
  }
  if (bytes > bytesMax) throw tooLarge(bytesMax, what)
  return hash.digest('hex')
}

function unfinished(): ApiError {
  return new ApiError('SerializationException', 'The request ended before its body did.')
}

const crowded =
  'Rate exceeded: the bodies of the requests that this Millrace is answering leave no room for this one. Try again.'

function tooLarge(bytesMax: number, what: string): ApiError {
  return new ApiError('RequestTooLargeException', `Request must be smaller than ${bytesMax} bytes for ${what}`)
}

/** Far above anything that the control plane's shapes allow. */
const controlBytesMax = 1_048_576

/** A body of the control plane: JSON, or nothing, which counts as an empty object. */
export async function readJson(request: FastifyRequest, operation: string): Promise<unknown> {
  const body = await readBody(request, controlBytesMax, operation)
  if (body.length === 0) return {}
  try {
    const parsed: unknown = JSON.parse(body.toString())
    return parsed
  } catch {
    throw malformedJson()
  }
}

/** A member of the path, decoded. */
export function pathValue(request: FastifyRequest, name: string): string {
  const value = (request.params as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' ? value : ''
}

/** All values of a member of the query. */
export function queryValues(request: FastifyRequest, name: string): readonly string[] {
  const query = request.query as Readonly<Record<string, unknown>>
  const value = Object.hasOwn(query, name) ? query[name] : undefined
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.filter((one) => typeof one === 'string')
}

/** An empty value counts as absent, as it does on AWS. */
export function queryValue(request: FastifyRequest, name: string): string | undefined {
  return queryValues(request, name).find((value) => value !== '')
}
