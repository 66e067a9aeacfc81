import { crc32 } from 'node:zlib'
import type { FastifyReply } from 'fastify'
import type { InvocationReply } from '../model/invocation.ts'

/**
 * The answer of InvokeWithResponseStream (API_InvokeWithResponseStream) for a function whose answer is there as a whole: one
 * PayloadChunk, and InvokeComplete.
 */
export function sendResponseStream(
  reply: FastifyReply,
  answered: Pick<InvocationReply, 'functionError'>,
  payload: string,
) {
  const { functionError } = answered
  const complete = functionError === null ? {} : { ErrorCode: functionError, ErrorDetails: payload }
  const chunks = payload === '' ? [] : [message('PayloadChunk', 'application/octet-stream', Buffer.from(payload))]
  const last = message('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(complete)))
  return reply.header('content-type', 'application/vnd.amazon.eventstream').send(Buffer.concat([...chunks, last]))
}

/** A message of AWS's event stream encoding: lengths and their checksum, headers, payload, the checksum of it all. */
function message(eventType: string, contentType: string, payload: Buffer): Buffer {
  const headers = Buffer.concat([
    header(':message-type', 'event'),
    header(':event-type', eventType),
    header(':content-type', contentType),
  ])
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(preludeBytes + headers.length + payload.length + checksumBytes, 0)
  prelude.writeUInt32BE(headers.length, 4)
  const body = Buffer.concat([prelude, checksumOf(prelude), headers, payload])
  return Buffer.concat([body, checksumOf(body)])
}

const preludeBytes = 12
const checksumBytes = 4
/** A header's value is a string. */
const stringType = 7

function header(name: string, value: string): Buffer {
  const head = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([stringType, 0, 0])])
  head.writeUInt16BE(Buffer.byteLength(value), head.length - 2)
  return Buffer.concat([head, Buffer.from(value)])
}

function checksumOf(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(checksumBytes)
  checksum.writeUInt32BE(crc32(bytes))
  return checksum
}
