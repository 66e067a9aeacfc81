import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { UpstreamChange, UpstreamList, UpstreamMapping, UpstreamMappings } from '../../src/ports.ts'

type Members = Readonly<Record<string, unknown>>

/** The mappings of a Lambda endpoint that polls nothing: what a stack makes of them, and what Millrace tells it to. */
export interface UpstreamLambda {
  readonly port: UpstreamMappings
  /** What came through the port or over the wire, in order: `update a {"Enabled":false}`, `delete a`. Not what the stack did. */
  readonly orders: readonly string[]
  readonly lists: number
  get(uuid: string): Members | undefined
  /** The stack creates or changes a mapping. */
  put(uuid: string, members: Members): void
  remove(uuid: string): void
  /** From now on a list, or a change, answers this; null: as a Lambda does. */
  answerList(answer: UpstreamList | null): void
  answerChanges(answer: UpstreamChange | null): void
  /** Changes are accepted and do nothing, but that LastModified moves. */
  ignoreChanges(): void
  /** LastModified is later in every list. */
  alwaysModified(): void
  /** LastModified stays that of the creation, as on LocalStack. */
  neverModified(): void
}

/** A transition lasts for one list. Times are counted in seconds, one for each write. */
export function createUpstreamLambda(startMs = 1_700_000_000_000): UpstreamLambda {
  const mappings = new Map<string, Members>()
  const orders: string[] = []
  let writes = 0
  let lists = 0
  let listAnswer: UpstreamList | null = null
  let changeAnswer: UpstreamChange | null = null
  let ignores = false
  let isRestless = false
  let isStill = false

  const write = (uuid: string, members: Members): void => {
    const LastModified = startMs / 1_000 + writes++
    const before = mappings.get(uuid)
    const modified = isStill && before !== undefined ? {} : { LastModified }
    mappings.set(uuid, { UUID: uuid, State: 'Enabled', ...before, ...modified, ...members })
  }

  function settle(): void {
    for (const [uuid, members] of mappings) {
      const state = restingStates.get(members['State'])
      if (members['State'] === 'Deleting') mappings.delete(uuid)
      else if (state !== undefined) mappings.set(uuid, { ...members, State: state })
    }
  }

  function update(uuid: string, body: Members): UpstreamChange {
    const before = mappings.get(uuid)
    if (before === undefined) return { kind: 'missing', message: 'none' }
    if (ignores) {
      write(uuid, {})
      return { kind: 'done' }
    }
    const { Enabled: enabled, ...members } = body
    const after = enabled === undefined ? before['State'] : enabled === true ? 'Enabled' : 'Disabled'
    const passing = after === 'Enabled' ? 'Enabling' : 'Disabling'
    write(uuid, { ...members, State: after === before['State'] ? after : passing })
    return { kind: 'done' }
  }

  const port: UpstreamMappings = {
    list: async () => {
      lists += 1
      if (listAnswer !== null) return listAnswer
      if (isRestless) for (const uuid of mappings.keys()) write(uuid, {})
      const listed = [...mappings].map(([uuid, members]) => mappingOf(uuid, members))
      settle()
      return { kind: 'listed', mappings: listed }
    },
    update: async (uuid, body) => {
      orders.push(`update ${uuid} ${JSON.stringify(body)}`)
      return changeAnswer ?? update(uuid, body)
    },
    delete: async (uuid) => {
      orders.push(`delete ${uuid}`)
      if (changeAnswer !== null) return changeAnswer
      const before = mappings.get(uuid)
      if (before === undefined) return { kind: 'missing', message: 'none' }
      mappings.set(uuid, { ...before, State: 'Deleting' })
      return { kind: 'done' }
    },
  }
  return {
    port,
    orders,
    get lists() {
      return lists
    },
    get: (uuid) => mappings.get(uuid),
    put: write,
    remove: (uuid) => void mappings.delete(uuid),
    answerList: (answer) => (listAnswer = answer),
    answerChanges: (answer) => (changeAnswer = answer),
    ignoreChanges: () => (ignores = true),
    alwaysModified: () => (isRestless = true),
    neverModified: () => (isStill = true),
  }
}

const restingStates = new Map<unknown, string>([
  ['Disabling', 'Disabled'],
  ['Enabling', 'Enabled'],
])

function mappingOf(uuid: string, members: Members): UpstreamMapping {
  return { uuid, state: String(members['State']), modifiedMs: Number(members['LastModified']) * 1_000, members }
}

const mappingsPath = '/2015-03-31/event-source-mappings'

/** The same over HTTP; whatever is not about mappings goes to the functions behind. */
export async function serveUpstreamLambda(lambda: UpstreamLambda, functionsUrl: string) {
  const server = createServer((request, response) => {
    answer(lambda, functionsUrl, request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) }
}

async function answer(
  lambda: UpstreamLambda,
  functionsUrl: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://upstream')
  const body = await text(request)
  if (!pathname.startsWith(mappingsPath)) return pass(functionsUrl, request, body, response)
  const uuid = decodeURIComponent(pathname.slice(mappingsPath.length + 1))
  const { signal } = new AbortController()
  if (request.method === 'GET') {
    const list = await lambda.port.list(signal)
    const items = list.kind === 'listed' ? list.mappings.map(({ members }) => members) : []
    return send(response, 200, { EventSourceMappings: items, NextMarker: null })
  }
  const result =
    request.method === 'DELETE'
      ? await lambda.port.delete(uuid, signal)
      : await lambda.port.update(uuid, JSON.parse(body), signal)
  if (result.kind === 'done') return send(response, 202, lambda.get(uuid) ?? {})
  response.setHeader('x-amzn-errortype', 'ResourceNotFoundException')
  return send(response, 404, { Message: 'none' })
}

async function pass(
  functionsUrl: string,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const reply = await fetch(`${functionsUrl}${request.url}`, {
    method: request.method ?? 'GET',
    ...(body !== '' && { body }),
  })
  response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(await reply.text())
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function closeServer(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
