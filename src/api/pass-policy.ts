import { posix } from 'node:path'
import type { PassThroughPolicy, ServiceSettings } from '../model/settings.ts'
import { denied, type Refusal } from './gate/refusal.ts'

/** Which requests of the Lambda API may go on to the endpoint behind. */
export interface PassPolicy {
  /** Null: the request may go on. */
  judge(method: string, path: string): Refusal | null
  /** The same for a change of a mapping that was adopted from there: the engine passes it on, whatever the policy says. */
  judgeAdopted(method: string, path: string): Refusal | null
  /** Whether answers lose what a reader need not see (`withoutSecrets`). */
  readonly censors: boolean
}

export interface PassSettings {
  /** undefined: `off` where the endpoint is AWS, else `all`. */
  readonly policy: PassThroughPolicy | undefined
  /** The endpoint behind is AWS: what goes there is signed with the operator's keys. */
  readonly isAws: boolean
  /** Callers say who they are. */
  readonly isAuthenticated: boolean
}

export function passPolicyOf({ passThrough, server }: ServiceSettings, isAws: boolean): PassPolicy {
  return createPassPolicy({ policy: passThrough, isAws, isAuthenticated: server.auth.kind !== 'none' })
}

/** Nobody's signature but the operator's reaches AWS, so nothing goes there unless that was asked for. */
export function createPassPolicy({ isAuthenticated, isAws, policy: wanted }: PassSettings): PassPolicy {
  const policy = wanted ?? (isAws ? 'off' : 'all')
  const unproven = (method: string, path: string) =>
    isAws && !isAuthenticated ? needsAuthentication(method, path) : null
  return {
    censors: policy === 'read',
    judge(method, path) {
      if (policy === 'off') return off(method, path)
      return unproven(method, path) ?? (policy === 'all' || isReading(method, path) ? null : readOnly(method, path))
    },
    judgeAdopted: unproven,
  }
}

/** Get and List of functions, layers, tags and the account. Executions of durable functions hold payloads. */
const readable =
  /^\/20\d\d-\d\d-\d\d\/(?:functions|layers|tags|account-settings|code-signing-configs|capacity-providers)(?:\/|$)/
const unreadable = /\/(?:invocations|response-streaming-invocations|invoke-async|durable-executions)\b/

function isReading(method: string, path: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const tidied = tidiedPath(path)
  return tidied === trimmed(path) && readable.test(tidied) && !unreadable.test(tidied)
}

/** A path as the least careful of servers reads it. */
export function tidiedPath(path: string): string {
  try {
    return trimmed(posix.normalize(decodeURIComponent(path)))
  } catch {
    return path
  }
}

/** Colons of ARNs come encoded or not. */
function trimmed(path: string): string {
  const decoded = path.replaceAll(/%3A/gi, ':').replaceAll(/%24/g, '$')
  return decoded.length > 1 ? decoded.replace(/\/$/, '') : decoded
}

const setting = 'passThrough (--pass-through, MILLRACE_PASS_THROUGH)'

function off(method: string, path: string): Refusal {
  return denied(
    'MILLRACE_PASS_THROUGH_OFF',
    `${method} ${path} is not about a mapping or a function of the config, and is not passed on to the Lambda endpoint. ` +
      `Send it there directly, or set ${setting} to read or all.`,
  )
}

function readOnly(method: string, path: string): Refusal {
  return denied(
    'MILLRACE_PASS_THROUGH_READ_ONLY',
    `${method} ${path} is not passed on: only requests that read functions, layers, tags and the account are. Send it to ` +
      `the Lambda endpoint directly, or set ${setting} to all.`,
  )
}

function needsAuthentication(method: string, path: string): Refusal {
  return denied(
    'MILLRACE_PASS_THROUGH_NEEDS_AUTH',
    `${method} ${path} would go on to AWS, signed with the credentials of this Millrace, and nobody has to say who they ` +
      'are. Set server.auth (--auth, MILLRACE_AUTH) to token or sigv4.',
  )
}

/** Variables hold passwords, and the URL of the code is a key to it. */
const secretMembers: ReadonlySet<string> = new Set(['Environment', 'Code', 'Content'])

/** An answer without the members that only those need who may change the function. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !secretMembers.has(name))
      .map(([name, member]) => [name, withoutSecrets(member)]),
  )
}
