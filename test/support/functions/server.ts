import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { ok, type Behaviour } from './behaviour.ts'
import { answerOf, rieBusy, type Answer, type Dialect } from './dialect.ts'
import { until } from '../until.ts'

export interface FunctionServerOptions {
  /** Default: lambda. */
  readonly dialect?: Dialect
  /** Default: every invocation returns null. May wait for a gate: that is what "slow" means here. */
  readonly handler?: Handler
  /**
   * lambda: what GetFunctionConfiguration knows, and GetFunctionRecursionConfig where it is said. Default: every name exists
   * with a timeout of 3 s.
   */
  readonly functions?: Readonly<Record<string, { readonly timeoutS: number; readonly recursiveLoop?: string }>>
  /** rie: invocations at once before AlreadyReserved. Default: 1. */
  readonly concurrency?: number
  readonly port?: number
}

export type Handler = (invocation: Invocation) => Behaviour | Promise<Behaviour>

export interface Invocation {
  /** As the path has it, decoded. Always `function` with RIE. */
  readonly functionName: string
  readonly qualifier: string | undefined
  readonly requestId: string
  readonly headers: IncomingHttpHeaders
  /** The body, byte for byte. */
  readonly payload: string
  /** How many came before this one. */
  readonly index: number
}

export interface FunctionServer {
  /** `http://127.0.0.1:PORT`: the endpoint of a Lambda API. */
  readonly url: string
  /** The URL of a Runtime Interface Emulator, path included. */
  readonly invokeUrl: string
  readonly port: number
  readonly invocations: readonly Invocation[]
  /** Requests of any kind, as `METHOD path`. */
  readonly requests: readonly string[]
  /** Now, and at most ever. */
  readonly running: number
  readonly runningMax: number
  /** TCP connections that were ever accepted: fewer than requests means keep-alive. */
  readonly connections: number
  behave(handler: Handler): void
  /** Waits until the condition holds. */
  until(condition: (server: FunctionServer) => boolean): Promise<void>
  /** Waits until so many invocations have arrived. */
  untilInvoked(count: number): Promise<void>
  /** Breaks what is open and stops listening: later connections are refused. */
  close(): Promise<void>
}

const invokePath = /^\/2015-03-31\/functions\/([^/?]+)\/invocations$/
const describePath = /^\/2015-03-31\/functions\/([^/?]+)(\/configuration)?$/
const recursionPath = /^\/2024-08-31\/functions\/([^/?]+)\/recursion-config$/

/** A server that runs fake functions in the test's own process and remembers every invocation. */
export async function startFunctionServer(options: FunctionServerOptions = {}): Promise<FunctionServer> {
  const state = new ServerState(options)
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    state.serve(request, response).catch(() => response.destroy())
  })
  server.on('connection', () => (state.connections += 1))
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const handle: FunctionServer = {
    url,
    port,
    invokeUrl: `${url}/2015-03-31/functions/function/invocations`,
    invocations: state.invocations,
    requests: state.requests,
    get running() {
      return state.running
    },
    get runningMax() {
      return state.runningMax
    },
    get connections() {
      return state.connections
    },
    behave: (handler) => (state.handler = handler),
    until: (condition) =>
      until(
        () => condition(handle),
        () => `${condition.toString()}; ${state.summary()}`,
      ),
    untilInvoked: (count) =>
      until(
        () => state.invocations.length >= count,
        () => `${count} invocations; ${state.summary()}`,
      ),
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
  return handle
}

class ServerState {
  readonly invocations: Invocation[] = []
  readonly requests: string[] = []
  running = 0
  runningMax = 0
  connections = 0
  handler: Handler
  readonly #options: FunctionServerOptions
  readonly #dialect: Dialect

  constructor(options: FunctionServerOptions) {
    this.#options = options
    this.#dialect = options.dialect ?? 'lambda'
    this.handler = options.handler ?? (() => ok())
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    this.requests.push(`${request.method} ${request.url}`)
    const payload = await text(request)
    const invoked = invokePath.exec(url.pathname)
    if (request.method === 'POST' && invoked) {
      await this.#invoke(payload, { name: invoked[1] ?? '', url, request, response })
    } else if (request.method === 'GET' && this.#dialect === 'lambda' && describePath.test(url.pathname)) {
      send(response, this.#describe(url))
    } else if (request.method === 'GET' && this.#recursiveLoop(url) !== undefined) {
      const body = JSON.stringify({ RecursiveLoop: this.#recursiveLoop(url) })
      send(response, { status: 200, headers: { 'content-type': 'application/json' }, body })
    } else {
      send(response, { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found' })
    }
  }

  summary(): string {
    return `${this.invocations.length} invocations so far, ${this.running} running`
  }

  async #invoke(payload: string, call: Call): Promise<void> {
    if (this.#dialect !== 'lambda' && this.running >= (this.#options.concurrency ?? 1)) {
      send(call.response, rieBusy)
      return
    }
    const invocation: Invocation = {
      functionName: decodeURIComponent(call.name),
      qualifier: call.url.searchParams.get('Qualifier') ?? undefined,
      requestId: randomUUID(),
      headers: call.request.headers,
      payload,
      index: this.invocations.length,
    }
    this.invocations.push(invocation)
    this.running += 1
    this.runningMax = Math.max(this.runningMax, this.running)
    try {
      await this.#perform(await this.handler(invocation), invocation, call.response)
    } finally {
      this.running -= 1
    }
  }

  async #perform(behaviour: Behaviour, invocation: Invocation, response: ServerResponse): Promise<void> {
    if (behaviour.kind === 'hang') {
      await once(response, 'close')
      return
    }
    if (behaviour.kind !== 'reset') {
      send(response, answerOf(this.#dialect, behaviour, invocation.requestId))
      return
    }
    if (behaviour.when === 'midway') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      await new Promise<void>((resolve) => {
        response.write('{"half":', () => resolve())
      })
    }
    response.socket?.resetAndDestroy()
  }

  #recursiveLoop(url: URL): string | undefined {
    return this.#options.functions?.[recursionPath.exec(url.pathname)?.[1] ?? '']?.recursiveLoop
  }

  #describe(url: URL): Answer {
    const [, encoded = '', configuration] = describePath.exec(url.pathname) ?? []
    const reference = decodeURIComponent(encoded)
    const name = reference.slice(reference.lastIndexOf(':') + 1)
    const known = this.#options.functions?.[name] ?? (this.#options.functions ? undefined : { timeoutS: 3 })
    const qualifier = url.searchParams.get('Qualifier')
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}${qualifier ? `:${qualifier}` : ''}`
    const headers = { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID() }
    if (!known) {
      const body = JSON.stringify({ Type: 'User', Message: `Function not found: ${arn}` })
      return { status: 404, headers: { ...headers, 'x-amzn-errortype': 'ResourceNotFoundException' }, body }
    }
    const document = { FunctionName: name, FunctionArn: arn, Timeout: known.timeoutS, Version: qualifier ?? '$LATEST' }
    return { status: 200, headers, body: JSON.stringify(configuration ? document : { Configuration: document }) }
  }
}

interface Call {
  readonly name: string
  readonly url: URL
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { 'content-length': Buffer.byteLength(answer.body), ...answer.headers })
  response.end(answer.body)
}
