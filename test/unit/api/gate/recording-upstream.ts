import { Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import type { Upstream, UpstreamRequest } from '../../../../src/api/upstream.ts'

/** A Lambda endpoint that answers everything alike, with CORS headers, as emulators do. */
export interface RecordingUpstream extends Upstream {
  readonly requests: UpstreamRequest[]
}

export const functionAnswer = {
  Configuration: { FunctionName: 'theirs', Environment: { Variables: { PASSWORD: 'hunter2' } }, Timeout: 3 },
  Code: { Location: 'https://bucket.example/code?X-Amz-Signature=hunter2' },
  Functions: [{ FunctionName: 'theirs', Environment: { Variables: { PASSWORD: 'hunter2' } } }],
}

export function recordingUpstream(answer: unknown = functionAnswer): RecordingUpstream {
  const requests: UpstreamRequest[] = []
  return {
    endpoint: 'https://lambda.us-east-1.amazonaws.com',
    requests,
    async send(request) {
      requests.push(request)
      request.body?.resume()
      const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' }
      return Object.assign(Readable.from([JSON.stringify(answer)]), { statusCode: 200, headers }) as IncomingMessage
    },
    close: () => undefined,
  }
}
