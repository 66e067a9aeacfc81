import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { lambdaRequestBytesMax } from '../../model/limits.ts'
import type { LendingMemory } from '../../model/memory.ts'
import type { ServerSettings } from '../../model/settings.ts'
import type { Clock } from '../../ports.ts'
import { sendError } from '../error-response.ts'
import { hashBody, readHeld } from '../request-body.ts'
import { admissionLimits, createAdmission, type Admission, type AdmissionLimits } from './admission.ts'
import { createAuthenticator } from './authenticator.ts'
import { checkBrowser } from './browser-check.ts'
import { callerOf } from './caller.ts'
import { createOwnHosts } from './own-hosts.ts'
import type { Refusal } from './refusal.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whoever asks gets an answer: a supervisor's probe. Nothing but whether the process lives is said there. */
    open?: boolean
  }
  interface FastifyInstance {
    admission: Admission
  }
}

export interface GateSettings {
  readonly server: ServerSettings
  /** Of the signatures that are accepted. */
  readonly region: string
  readonly limits?: AdmissionLimits | undefined
  readonly memory?: LendingMemory | undefined
  readonly clock: Pick<Clock, 'wallMs' | 'uuid'>
}

/**
 * What every request passes before anything acts on it, in this order: is it for us and not from a stranger's page, is there
 * room for it, who sends it. What is turned away here has not been read, but for a body whose signature had to be checked.
 */
export function addGate(
  server: FastifyInstance,
  { clock, limits, memory, region, server: settings }: GateSettings,
): void {
  const hosts = createOwnHosts(settings.host, settings.allowedHosts ?? [])
  const authenticator = createAuthenticator(settings.auth, region, clock.wallMs)
  const admission = createAdmission(limits ?? admissionLimits, memory)
  server.decorate('admission', admission)
  server.decorateRequest('caller', null)
  server.decorateRequest('held', null)
  server.decorateRequest('heldBytes', 0)

  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-amzn-requestid', clock.uuid())
    // Over plain HTTP to other than loopback a browser does not say whose page asks: it keeps the answer from that page itself.
    reply.header('cross-origin-resource-policy', 'same-origin')
    reply.header('x-content-type-options', 'nosniff')
    if (request.routeOptions.config.open === true) return
    const stranger = checkBrowser(request.raw.url ?? '', request, hosts)
    if (stranger !== null) return refuse(reply, stranger)
    // A preflight gets no CORS header, so that the browser keeps what it asked for to itself.
    if (request.method === 'OPTIONS') return reply.code(204).header('allow', allowedMethods).send()
    const leave = admission.enter()
    if (leave === null) return refuse(reply, busy)
    whenOver(reply, () => {
      leave()
      admission.release(request.heldBytes)
      request.heldBytes = 0
    })
    const identity = await authenticator.identify(
      { method: request.method, path: request.url, headers: request.headers },
      { hold: () => hold(request), hash: () => hashBody(request, lambdaRequestBytesMax, 'any operation') },
    )
    if (identity.kind === 'refused') return refuse(reply, identity.refusal)
    request.caller = callerOf(request, identity.key)
    return undefined
  })
}

const allowedMethods = 'GET, HEAD, POST, PUT, DELETE, OPTIONS'

async function hold(request: FastifyRequest): Promise<Buffer> {
  request.held = await readHeld(request, lambdaRequestBytesMax, 'any operation')
  return request.held
}

const busy: Refusal = {
  status: 429,
  type: 'TooManyRequestsException',
  code: 'MILLRACE_BUSY',
  message: 'Rate exceeded: this Millrace answers as many requests as it may at once. Try again.',
}

export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer realm="millrace"')
  return sendError(reply, refusal)
}

/** Once, whether the answer was sent or the client has left. */
function whenOver(reply: FastifyReply, over: () => void): void {
  let isOver = false
  const once = () => {
    if (isOver) return
    isOver = true
    over()
  }
  reply.raw.once('finish', once)
  reply.raw.once('close', once)
}
