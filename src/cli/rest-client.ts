import { CommandError } from './exit-code.ts'
import type { Proof } from './proof.ts'

/** A running Millrace, as its own commands see it: the Lambda API and the operations API on one port. */
export interface RestClient {
  readonly endpoint: string
  /** `withinMs`: for an answer that is waited for. */
  get(path: string, withinMs?: number): Promise<unknown>
  /** An answer that has a list of this name; whatever else answers there is no Millrace. */
  getWith<Name extends string>(list: Name, path: string): Promise<Readonly<Record<Name, readonly unknown[]>>>
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>
}

/** The wall a command that talks to a hung process runs into. */
const answerMsMax = 30_000

export function restClient(endpoint: string, prove: Proof): RestClient {
  const base = endpoint.replace(/\/+$/, '')
  const call = (method: string, path: string, body?: unknown, withinMs = answerMsMax) =>
    ask({ base, method, path, body, prove, withinMs })
  return {
    endpoint: base,
    get: (path, withinMs) => call('GET', path, undefined, withinMs),
    getWith: async (list, path) => withList(await call('GET', path), list, base),
    send: (method, path, body) => call(method, path, body),
  }
}

function withList<Name extends string>(
  json: unknown,
  list: Name,
  base: string,
): Readonly<Record<Name, readonly unknown[]>> {
  if (typeof json === 'object' && json !== null && Array.isArray((json as Readonly<Record<string, unknown>>)[list]))
    return json as Readonly<Record<Name, readonly unknown[]>>
  throw new CommandError(`What answers at ${base} is no Millrace. Say where it is with --endpoint URL.`)
}

interface Question {
  readonly base: string
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly prove: Proof
  readonly withinMs: number
}

async function ask({ base, body, method, path, prove, withinMs }: Question): Promise<unknown> {
  const sent = body === undefined ? '' : JSON.stringify(body)
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(`${base}${path}`, {
    method,
    signal: AbortSignal.timeout(withinMs),
    headers: prove({ method, url: new URL(`${base}${path}`), headers, body: sent }),
    ...(body !== undefined && { body: sent }),
  }).catch((error: unknown) => {
    throw new CommandError(
      `No Millrace answers at ${base} (${reasonOf(error)}). Start one with \`millrace start\`, or say where it is with --endpoint URL.`,
    )
  })
  const text = await response.text()
  const json = parse(text)
  if (response.ok) return json
  const type = response.headers.get('x-amzn-errortype') ?? `HTTP ${response.status}`
  throw new CommandError(`${type}: ${messageOf(json) ?? (text || response.statusText)}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text === '' ? undefined : text
  }
}

function messageOf(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const { Message, message } = json as { readonly Message?: unknown; readonly message?: unknown }
  if (typeof Message === 'string') return Message
  return typeof message === 'string' ? message : undefined
}

/** fetch hides the system's own word (ECONNREFUSED) one level down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause: unknown = error.cause
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.message : error.message
}
