import { createHash } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { hopHeader } from '../../../src/api/pass-through.ts'
import { endToEndHeaders, type Upstream } from '../../../src/api/upstream.ts'
import { createSignatureVerifier } from '../../../src/auth/signature-verifier.ts'
import { createUpstreamSigner } from '../../../src/api/upstream-signer.ts'
import { listen, start, upstreamOf, type Handler } from '../../support/api-over-http.ts'

const echo: Handler = (request, response) => {
  void text(request).then((body) => {
    response.writeHead(201, { 'content-type': 'application/x-test', 'x-amzn-requestid': 'theirs', 'x-kept': 'yes' })
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }))
  })
}

const signer = createUpstreamSigner({
  region: 'eu-west-1',
  credentials: async () => ({ accessKeyId: 'AKIDTEST', secretAccessKey: 'secret', sessionToken: 'token' }),
})

describe('what is not ours', () => {
  // proves: pass.through
  it('reaches the Lambda endpoint whole, and its answer comes back', async () => {
    const { endpoint } = await start({ upstream: upstreamOf(await listen(echo)) })
    const path =
      '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations?Qualifier=1&x=%20y'
    const headers = { 'x-amz-log-type': 'Tail', authorization: 'AWS4-HMAC-SHA256 theirs', te: 'trailers' }
    const answer = await fetch(endpoint + path, { method: 'POST', body: '{"a":1}', headers })
    const seen = (await answer.json()) as { method: string; url: string; headers: Record<string, string>; body: string }
    expect([answer.status, answer.headers.get('x-amzn-requestid'), answer.headers.get('x-kept')]).toEqual([
      201,
      'theirs',
      'yes',
    ])
    expect([seen.method, seen.url, seen.body]).toEqual(['POST', path, '{"a":1}'])
    expect(seen.headers).toMatchObject({ 'x-amz-log-type': 'Tail', authorization: 'AWS4-HMAC-SHA256 theirs' })
    expect(seen.headers['host']).toBe(new URL(endpoint).host)
    expect(seen.headers).not.toHaveProperty('te')
  })

  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'])('%s of a path that nobody here knows', async (method) => {
    const { endpoint } = await start({ upstream: upstreamOf(await listen(echo)) })
    const answer = await fetch(`${endpoint}/2018-10-31/layers/x`, { method })
    expect(answer.status).toBe(201)
    const body = await answer.text()
    expect(method === 'HEAD' ? body : (JSON.parse(body) as { method: string }).method).toBe(
      method === 'HEAD' ? '' : method,
    )
  })

  it('keeps mappings for itself, whatever the upstream could do', async () => {
    const { endpoint } = await start({ upstream: upstreamOf(await listen(echo)) })
    for (const path of ['', '/unknown', '/a/b/c']) {
      const answer = await fetch(`${endpoint}/2015-03-31/event-source-mappings${path}`, { method: 'GET' })
      expect(answer.status).toBe(path === '' ? 200 : 404)
    }
    expect((await fetch(`${endpoint}/nothing/of/lambda`)).status).toBe(404)
  })

  it('keeps paths that an upstream would tidy into those of mappings', async () => {
    const asked: string[] = []
    const upstream = await listen((request, response) => {
      asked.push(request.url ?? '')
      response.end('{}')
    })
    const { endpoint } = await start({ upstream: upstreamOf(upstream) })
    const { hostname, port } = new URL(endpoint)
    const statuses: (number | undefined)[] = []
    for (const path of [
      '/2015-03-31/functions/../event-source-mappings/x',
      '/2015-03-31/./event-source-mappings',
      '/2015-03-31//event-source-mappings//x',
      '/2015-03-31/a/%2e%2e/event%2dsource-mappings/x',
      '/2015-03-31/functions/..%2Fevent-source-mappings/configuration',
    ]) {
      const { promise, resolve } = Promise.withResolvers<number | undefined>()
      // fetch would tidy the path itself.
      httpRequest({ hostname, port, path, method: 'DELETE' }, (response) => resolve(response.resume().statusCode)).end()
      statuses.push(await promise)
    }
    expect([statuses, asked]).toEqual([[404, 404, 404, 404, 404], []])
  })

  // proves: pass.framed
  it.each([
    ['GET', false],
    ['DELETE', false],
    ['POST', false],
    ['GET', true],
    ['DELETE', true],
  ])(
    '%s with a body of unknown length is framed (signed: %s), and the next request is read as one',
    async (method, isSigned) => {
      const upstream = upstreamOf(await listen(echo), isSigned ? { signer } : {})
      const { endpoint } = await start({ upstream })
      for (const path of ['first', 'second']) {
        const request = httpRequest(`${endpoint}/2018-10-31/layers/${path}`, {
          method,
          headers: { 'transfer-encoding': 'chunked' },
        })
        const answered = new Promise<IncomingMessage>((resolve, reject) => {
          request.once('response', resolve).once('error', reject)
        })
        request.write('{"in":')
        request.end('"pieces"}')
        const seen = JSON.parse(await text(await answered)) as { method: string; url: string; body: string }
        expect(seen).toMatchObject({ method, url: `/2018-10-31/layers/${path}`, body: '{"in":"pieces"}' })
      }
    },
  )

  // proves: pass.through
  it.each(['constructor=1', '__proto__=1&toString=2&A=1&A=2'])(
    'the query %s goes on as it came, signed or not',
    async (query) => {
      for (const more of [{}, { signer }]) {
        const { endpoint } = await start({ upstream: upstreamOf(await listen(echo), more) })
        const answer = await fetch(`${endpoint}/2018-10-31/layers?${query}`)
        expect([answer.status, ((await answer.json()) as { url: string }).url]).toEqual([
          201,
          `/2018-10-31/layers?${query}`,
        ])
      }
    },
  )

  it('an answer without a request id is left without one', async () => {
    const { endpoint } = await start({ upstream: upstreamOf(await listen((_, response) => response.end('{}'))) })
    const answer = await fetch(`${endpoint}/2015-03-31/functions/f`)
    expect([await answer.text(), answer.headers.get('x-amzn-requestid')]).toEqual(['{}', null])
  })

  it('goes under the path of the endpoint, if it has one', async () => {
    const { endpoint } = await start({ upstream: upstreamOf(`${await listen(echo)}/lambda/`) })
    const seen = (await (await fetch(`${endpoint}/2015-03-31/functions/f`)).json()) as { url: string }
    expect(seen.url).toBe('/lambda/2015-03-31/functions/f')
  })

  // proves: pass.through
  it('streams both ways: each side sees a piece before the other has finished', async () => {
    const arrived: string[] = []
    const handler: Handler = (request, response) => {
      response.writeHead(200)
      request.on('data', (chunk: Buffer) => {
        arrived.push(chunk.toString())
        response.write(`got ${chunk.toString()};`)
      })
      request.on('end', () => response.end('end'))
    }
    const { endpoint } = await start({ upstream: upstreamOf(await listen(handler)) })
    const request = httpRequest(`${endpoint}/2021-11-15/functions/f/response-streaming-invocations`, { method: 'POST' })
    request.write('one')
    const response = await new Promise<IncomingMessage>((resolve) => {
      request.once('response', resolve)
    })
    const first = await new Promise<string>((resolve) => {
      response.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    })
    expect([first, arrived]).toEqual(['got one;', ['one']])
    request.end('two')
    expect(await text(response)).toBe('got two;end')
  })

  it('gives up the upstream when the client has gone', async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    const { promise: there, resolve: arrive } = Promise.withResolvers<void>()
    const handler: Handler = (request) => {
      request.once('close', resolve)
      arrive()
    }
    const { endpoint, world } = await start({ upstream: upstreamOf(await listen(handler)) })
    const request = httpRequest(`${endpoint}/2015-03-31/functions/f`)
    request.on('error', () => undefined)
    request.end()
    await there
    request.destroy()
    await gone
    expect(world.lines).toEqual([])
  })

  it('says that the endpoint cannot be reached', async () => {
    const { endpoint, world } = await start({ upstream: upstreamOf('http://127.0.0.1:1') })
    const answer = await fetch(`${endpoint}/2015-03-31/functions/f`)
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([502, 'ServiceException'])
    expect(await answer.text()).toContain('http://127.0.0.1:1 cannot be reached')
    expect(world.lines).toHaveLength(1)
  })

  // proves: pass.loop
  it('refuses a request that comes back, and says why', async () => {
    let target = 'http://127.0.0.1:1'
    const late: Upstream = {
      endpoint: 'http://127.0.0.1:4570',
      send: (request, signal) => upstreamOf(target).send(request, signal),
      close: () => undefined,
    }
    const { endpoint } = await start({ upstream: late })
    target = endpoint
    const answer = await fetch(`${endpoint}/2015-03-31/functions/f`, { headers: { [hopHeader]: 'another' } })
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'InvalidParameterValueException'])
    expect(await answer.text()).toContain(
      'Millrace is its own upstream: the Lambda endpoint http://127.0.0.1:4570 leads back',
    )
  })
})

// proves: pass.signed
describe('an upstream that is AWS', () => {
  it('gets its own Host and a fresh signature over the body', async () => {
    const aws = await listen(echo)
    const { endpoint } = await start({ upstream: upstreamOf(aws, { signer }) })
    const headers = {
      authorization: 'AWS4-HMAC-SHA256 Credential=test/x',
      'x-amz-security-token': 'old',
      'x-amz-date': 'x',
    }
    const answer = await fetch(`${endpoint}/2015-03-31/functions/f/invocations?Qualifier=b&A=`, {
      method: 'POST',
      body: '{}',
      headers,
    })
    const seen = (await answer.json()) as { headers: Record<string, string>; body: string; url: string }
    expect(seen.headers['host']).toBe(new URL(aws).host)
    expect(seen.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDTEST\/\d{8}\/eu-west-1\/lambda\/aws4_request/,
    )
    expect(seen.headers['x-amz-security-token']).toBe('token')
    expect(seen.headers['x-amz-date']).toMatch(/^\d{8}T\d{6}Z$/)
    // SHA-256 of `{}`.
    expect(seen.headers['x-amz-content-sha256']).toBe(
      '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    )
    expect([seen.body, seen.url]).toEqual(['{}', '/2015-03-31/functions/f/invocations?Qualifier=b&A='])
  })

  it('accepts that signature, whatever the query and the headers', async () => {
    const verifier = createSignatureVerifier(
      [{ name: 'us', accessKeyId: 'AKIDTEST', secretAccessKey: 'secret', sessionToken: 'token' }],
      { service: 'lambda', region: 'eu-west-1' },
    )
    const verdicts: unknown[] = []
    const aws = await listen((request, response) => {
      const { headers, method = '', url: path = '' } = request
      void request.toArray().then((chunks: Buffer[]) => {
        const bodyHash = createHash('sha256').update(Buffer.concat(chunks)).digest('hex')
        verdicts.push(verifier.verify({ method, path, headers, bodyHash }, Date.now()).kind)
        response.end('{}')
      })
    })
    const { endpoint } = await start({ upstream: upstreamOf(aws, { signer }) })
    for (const path of [
      '/functions/f',
      '/functions/a%3Ab/configuration?Qualifier=%24LATEST&x=a+b%20c',
      '/layers?z=1&a=2&a=1&b',
    ]) {
      await fetch(`${endpoint}/2015-03-31${path}`, {
        headers: { 'x-note': '  two   words ', 'user-agent': 'it (test)' },
      })
    }
    await fetch(`${endpoint}/2015-03-31/functions`, { method: 'POST', body: '{"ü":1}' })
    expect(verdicts).toEqual(['valid', 'valid', 'valid', 'valid'])
    const broken = await fetch(`${endpoint}/2015-03-31/functions/f?x=%zz`)
    expect([broken.status, broken.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException'])
  })

  it('the token of the client does not survive where ours has none', async () => {
    const plain = createUpstreamSigner({
      region: 'eu-west-1',
      credentials: async () => ({ accessKeyId: 'AKIDTEST', secretAccessKey: 'secret' }),
    })
    const { endpoint } = await start({ upstream: upstreamOf(await listen(echo), { signer: plain }) })
    const answer = await fetch(`${endpoint}/2015-03-31/functions/f`, { headers: { 'x-amz-security-token': 'old' } })
    const seen = (await answer.json()) as { headers: Record<string, string> }
    expect(seen.headers).not.toHaveProperty('x-amz-security-token')
  })

  it('takes the hash of a client that sends one, and streams', async () => {
    const { endpoint } = await start({ upstream: upstreamOf(await listen(echo), { signer }) })
    const hash = 'a'.repeat(64)
    const answer = await fetch(`${endpoint}/2015-03-31/functions`.replace('functions', 'layers'), {
      method: 'POST',
      body: 'x',
      headers: { 'x-amz-content-sha256': hash },
    })
    const seen = (await answer.json()) as { headers: Record<string, string>; body: string }
    expect([seen.headers['x-amz-content-sha256'], seen.body]).toEqual([hash, 'x'])
  })
})

// proves: pass.through
describe('headers of one connection', () => {
  it('stay behind, those that Connection names too', () => {
    const headers = {
      connection: 'close, X-Own',
      'x-own': '1',
      'transfer-encoding': 'chunked',
      upgrade: 'h2c',
      host: 'h',
      a: ['1', '2'],
      b: undefined,
    }
    expect(endToEndHeaders(headers)).toEqual({ host: 'h', a: ['1', '2'] })
  })
})
