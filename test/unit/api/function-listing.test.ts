import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Upstream } from '../../../src/api/upstream.ts'
import { createApiWorld, hostedFunction } from '../../support/api.ts'
import { listen, start, upstreamOf, type Handler } from '../../support/api-over-http.ts'

const base = '/2015-03-31/functions'
const functions = [hostedFunction('audit'), hostedFunction('report:live')]

interface Named {
  readonly FunctionName: string
}

// proves: facade.show
describe('a list of the functions of the config', () => {
  it('lists the versions of one, which is how Terraform looks for it', async () => {
    const here = createApiWorld({
      functions: ['audit', 'audit:live', 'audit:7', 'other:9'].map((name) => hostedFunction(name)),
    })
    const versions = async (name: string) => {
      const answer = await here.api.inject({ method: 'GET', url: `${base}/${name}/versions?MaxItems=50` })
      const { Versions, NextMarker } = answer.json<{
        Versions: { FunctionName: string; FunctionArn: string; Version: string }[]
        NextMarker: null
      }>()
      expect(NextMarker).toBeNull()
      return Versions.map((one) => [one.FunctionName, one.FunctionArn.replace(/^.*:function:/, ''), one.Version])
    }
    const both = [
      ['audit', 'audit:$LATEST', '$LATEST'],
      ['audit', 'audit:7', '7'],
    ]
    expect(await versions('audit')).toEqual(both)
    expect(await versions('arn:aws:lambda:us-east-1:000000000000:function:audit')).toEqual(both)
    const unknown = await here.api.inject({ method: 'GET', url: `${base}/nobody/versions` })
    expect([unknown.statusCode, unknown.headers['x-amzn-errortype']]).toEqual([404, 'ResourceNotFoundException'])
  })

  it('lists them', async () => {
    const answer = await createApiWorld({ functions }).api.inject({ method: 'GET', url: `${base}/` })
    const { Functions: all, NextMarker: marker } = JSON.parse(answer.body) as {
      Functions: { FunctionArn: string }[]
      NextMarker: null
    }
    expect(all.map((one) => one.FunctionArn)).toEqual([
      'arn:aws:lambda:us-east-1:000000000000:function:audit',
      'arn:aws:lambda:us-east-1:000000000000:function:report:live',
    ])
    expect(marker).toBeNull()
  })

  it('lists a function once, unless all its versions are asked for', async () => {
    const both = ['audit:live', 'audit', 'audit:7', 'only:live'].map((name) => hostedFunction(name))
    const { api } = createApiWorld({ functions: both })
    const listed = async (query: string) => {
      const answer = await api.inject({ method: 'GET', url: `${base}${query}` })
      const { Functions } = JSON.parse(answer.body) as { Functions: { FunctionArn: string }[] }
      return Functions.map((one) => one.FunctionArn.replace(/^.*:function:/, ''))
    }
    expect(await listed('')).toEqual(['audit', 'only:live'])
    expect(await listed('?FunctionVersion=ALL')).toEqual(['audit:live', 'audit', 'audit:7', 'only:live'])
  })

  it('shows them a page at a time', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `f${index}`)
    const { api } = createApiWorld({ functions: names.map((name) => hostedFunction(name)) })
    const list = async (query: string) => {
      const answer = await api.inject({ method: 'GET', url: `${base}${query}` })
      const { Functions, NextMarker } = answer.json<{ Functions: Named[]; NextMarker: string | null }>()
      return { listed: Functions.map((one) => one.FunctionName), marker: NextMarker }
    }
    const first = await list('?MaxItems=10000')
    expect(first.listed).toEqual(names.slice(0, 50))
    const rest = await list(`?Marker=${encodeURIComponent(first.marker ?? '')}`)
    expect(rest).toEqual({ listed: names.slice(50), marker: null })
    const [one, two] = [await list('?MaxItems=59'), await list('?MaxItems=7')]
    expect([one.listed.length, two.listed]).toEqual([50, names.slice(0, 7)])
    const next = await list(`?MaxItems=7&Marker=${encodeURIComponent(two.marker ?? '')}`)
    expect(next.listed).toEqual(names.slice(7, 14))
  })

  it('shows versions a page at a time', async () => {
    const { api } = createApiWorld({ functions: ['f:1', 'f:2', 'f:3'].map((name) => hostedFunction(name)) })
    const list = async (query: string) => {
      const answer = await api.inject({ method: 'GET', url: `${base}/f:1/versions${query}` })
      const { Versions, NextMarker } = answer.json<{ Versions: { Version: string }[]; NextMarker: string | null }>()
      return { listed: Versions.map((one) => one.Version), marker: NextMarker }
    }
    // FunctionVersion is a member of ListFunctions alone.
    const first = await list('?MaxItems=3&FunctionVersion=1')
    expect(first.listed).toEqual(['$LATEST', '1', '2'])
    expect(await list(`?Marker=${encodeURIComponent(first.marker ?? '')}`)).toEqual({ listed: ['3'], marker: null })
  })

  it.each([
    [
      '?MaxItems=0',
      'ValidationException',
      "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    ['?MaxItems=10001', 'ValidationException', 'Member must have value less than or equal to 10000'],
    ['?MaxItems=ten', 'SerializationException', 'STRING_VALUE can not be converted to an Integer'],
    [
      '?FunctionVersion=LATEST',
      'ValidationException',
      "at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]",
    ],
  ])('refuses %s', async (query, type, text) => {
    const { api } = createApiWorld({ functions })
    const answer = await api.inject({ method: 'GET', url: `${base}${query}` })
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([400, type])
    expect(answer.body).toContain(text)
  })
})

// proves: facade.show
describe('a list with a Lambda endpoint behind', () => {
  it('lists the functions of the config before those of the upstream', async () => {
    const theirs: Handler = (_, response) =>
      response.end(JSON.stringify({ Functions: [{ FunctionName: 'theirs' }], NextMarker: 'm' }))
    const functions = [hostedFunction('ours')]
    const { endpoint } = await start({ functions, upstream: upstreamOf(await listen(theirs)) })
    const list = async (query: string) => {
      const body = (await (await fetch(`${endpoint}/2015-03-31/functions${query}`)).json()) as {
        Functions: { FunctionName: string }[]
        NextMarker: string | null
      }
      return [body.Functions.map((one) => one.FunctionName), body.NextMarker]
    }
    expect(await list('')).toEqual([['ours', 'theirs'], 'm'])
    expect(await list('?Marker=m')).toEqual([['theirs'], 'm'])
  })

  // Found by the fuzz, seed 275907817: the length of a body went on, the body did not, and the upstream waited for it.
  it('lists the functions of an upstream that compresses, whatever came with the question', async () => {
    const theirs: Handler = (request, response) => {
      const list = JSON.stringify({ Functions: [{ FunctionName: 'theirs' }] })
      const isGzip = request.headers['accept-encoding']?.includes('gzip') ?? false
      void text(request).then(() => {
        if (isGzip) response.setHeader('content-encoding', 'gzip')
        response.end(isGzip ? gzipSync(list) : list)
      })
    }
    const { endpoint } = await start({ upstream: upstreamOf(await listen(theirs)) })
    const { promise, resolve } = Promise.withResolvers<string>()
    const headers = { 'accept-encoding': 'gzip', 'content-type': 'application/json', 'content-length': 2 }
    const question = httpRequest(`${endpoint}/2015-03-31/functions/`, { headers }, (answer) => resolve(text(answer)))
    question.end('{}')
    expect(JSON.parse(await promise)).toMatchObject({ Functions: [{ FunctionName: 'theirs' }] })
  })

  it('asks no longer for the functions of the upstream when nobody waits for them', async () => {
    const asked = Promise.withResolvers<undefined>()
    const left = Promise.withResolvers<undefined>()
    const silent: Handler = (request) => {
      request.socket.once('close', () => left.resolve(undefined))
      asked.resolve(undefined)
    }
    const { endpoint, world } = await start({ upstream: upstreamOf(await listen(silent)) })
    const question = httpRequest(`${endpoint}/2015-03-31/functions`)
    question.on('error', () => undefined)
    question.end()
    await asked.promise
    question.destroy()
    await left.promise
    expect(world.lines).toEqual([])
  })

  it('lists a function of the config in place of one upstream that has its name', async () => {
    const both = [{ FunctionName: 'theirs' }, { FunctionName: 'ours' }, null]
    const theirs: Handler = (_, response) => response.end(JSON.stringify({ Functions: both, NextMarker: 'm' }))
    const { endpoint } = await start({
      functions: [hostedFunction('ours')],
      upstream: upstreamOf(await listen(theirs)),
    })
    const list = async (query: string) => {
      const body = (await (await fetch(`${endpoint}/2015-03-31/functions${query}`)).json()) as {
        Functions: ({ FunctionName: string; State?: string } | null)[]
      }
      return body.Functions.map((one) => one && [one.FunctionName, one.State])
    }
    expect(await list('')).toEqual([['ours', 'Active'], ['theirs', undefined], null])
    expect(await list('?Marker=m')).toEqual([['theirs', undefined], null])
  })

  it('lists its own once when it is its own upstream, or the upstream has no list', async () => {
    let target = ''
    const late: Upstream = {
      endpoint: 'http://127.0.0.1:4570',
      send: (request, signal) => upstreamOf(target).send(request, signal),
      close: () => undefined,
    }
    const functions = [hostedFunction('ours')]
    const self = await start({ functions, upstream: late })
    target = self.endpoint
    const names = async (endpoint: string) => {
      const answer = await fetch(`${endpoint}/2015-03-31/functions`)
      return ((await answer.json()) as { Functions: { FunctionName: string }[] }).Functions.map(
        (one) => one.FunctionName,
      )
    }
    expect(await names(self.endpoint)).toEqual(['ours'])
    const none = await listen((_, response) => response.writeHead(404).end('<xml/>'))
    const other = await start({ functions, upstream: upstreamOf(none) })
    expect([await names(other.endpoint), other.world.lines]).toEqual([['ours'], []])
  })

  it('lists its own when the upstream does not answer', async () => {
    const { endpoint } = await start({
      functions: [hostedFunction('ours')],
      upstream: upstreamOf('http://127.0.0.1:1'),
    })
    const body = (await (await fetch(`${endpoint}/2015-03-31/functions`)).json()) as { Functions: unknown[] }
    expect(body.Functions).toHaveLength(1)
  })

  it('fills its last page up with functions of the upstream, whose pages follow', async () => {
    const asked: string[] = []
    const theirs: Handler = (request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://upstream')
      asked.push(searchParams.toString())
      const from = Number(searchParams.get('Marker') ?? 0)
      const end = Math.min(from + Number(searchParams.get('MaxItems') ?? 50), 5)
      const names = Array.from({ length: end - from }, (_, index) => ({ FunctionName: `theirs-${from + index}` }))
      response.end(JSON.stringify({ Functions: names, NextMarker: end < 5 ? String(end) : null }))
    }
    const ours = ['a', 'b', 'c', 'd'].map((name) => hostedFunction(name))
    const { endpoint } = await start({ functions: ours, upstream: upstreamOf(await listen(theirs)) })
    const pages = async (size: number) => {
      const seen: string[][] = []
      for (let query = `MaxItems=${size}`; query !== '';) {
        const answer = await fetch(`${endpoint}/2015-03-31/functions/?FunctionVersion=ALL&${query}`)
        const { Functions, NextMarker } = (await answer.json()) as { Functions: Named[]; NextMarker: string | null }
        seen.push(Functions.map((one) => one.FunctionName))
        query = NextMarker === null ? '' : `MaxItems=${size}&Marker=${encodeURIComponent(NextMarker)}`
      }
      return seen
    }
    expect(await pages(3)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'theirs-0', 'theirs-1'],
      ['theirs-2', 'theirs-3', 'theirs-4'],
    ])
    expect(asked).toEqual(['FunctionVersion=ALL&MaxItems=2', 'FunctionVersion=ALL&MaxItems=3&Marker=2'])
    expect(await pages(4)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['theirs-0', 'theirs-1', 'theirs-2', 'theirs-3'],
      ['theirs-4'],
    ])
  })
})
