import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError } from '../model/api-error.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { UnrestKind } from '../model/mapping-rest.ts'
import type { ApiDeps } from './api-deps.ts'
import { IdleSweep, type IdleQuestion, type OtherWork } from './idle-sweep.ts'
import { queryValue, queryValues } from './request-body.ts'
import { knownNames, mappingsAbout } from './why/selection.ts'

const timeoutS = { usual: 30, max: 3_600 }
const quietMsMax = 60_000

/** What may be left out of account, by its name in the query. */
const ignorable: Readonly<Record<string, UnrestKind>> = {
  delayed: 'delayed',
  'in-flight': 'inFlight',
  windows: 'window',
  unattached: 'unattached',
}

const parameters = ['timeout', 'mapping', 'ignore', 'quiet']

/** Answers when nothing is left to do, or says what is when the time is over. */
export function addIdleRoutes(server: FastifyInstance, deps: ApiDeps, others: () => OtherWork): void {
  const sweep = new IdleSweep({ ...deps, others })
  // A server that closes waits for the requests that are in: nobody is to wait for what does not come any more.
  server.addHook('preClose', async () => sweep.close())

  server.get('/_millrace/idle', async (request, reply) => {
    const question = questionOf(request, deps)
    const left = new AbortController()
    reply.raw.once('close', () => left.abort())
    const { idle, mappings, reasons, waitedMs } = await sweep.wait(question, left.signal)
    const approximate = mappings.some(({ source }) => deps.isAws(source))
    return reply.send({ idle, ...(approximate && { approximate }), mappings: mappings.length, waitedMs, reasons })
  })
}

function questionOf(request: FastifyRequest, deps: ApiDeps): IdleQuestion {
  refuseUnknown(request)
  const about = queryValues(request, 'mapping').flatMap((text) => text.split(',').filter((name) => name !== ''))
  const ignore = ignoreOf(request)
  const quietMs = numberOf(request, 'quiet', { unit: 'milliseconds', max: quietMsMax }) ?? null
  const timeoutMs = 1_000 * (numberOf(request, 'timeout', { unit: 'seconds', max: timeoutS.max }) ?? timeoutS.usual)
  const all = deps.mappings.list()
  for (const name of about) {
    if (mappingsAbout(all, name).length > 0) continue
    const message = `No mapping has the UUID ${name}, or a source or function of that name. ${knownNames(all)}`
    throw new ApiError('ResourceNotFoundException', message)
  }
  const mappings = (): readonly MappingDocument[] => {
    const now = deps.mappings.list()
    return about.length === 0 ? now : [...new Set(about.flatMap((name) => mappingsAbout(now, name)))]
  }
  return { mappings, ignore, quietMs, timeoutMs, key: JSON.stringify([about, [...ignore], quietMs]) }
}

function ignoreOf(request: FastifyRequest): ReadonlySet<UnrestKind> {
  const names = queryValues(request, 'ignore').flatMap((text) => text.split(',').filter((name) => name !== ''))
  return new Set(
    names.map((name) => {
      const kind = Object.hasOwn(ignorable, name) ? ignorable[name] : undefined
      if (kind !== undefined) return kind
      throw invalid(
        `ignore=${name}: nothing of that name can be ignored; it takes ${Object.keys(ignorable).join(', ')}.`,
      )
    }),
  )
}

function numberOf(
  request: FastifyRequest,
  name: string,
  { max, unit }: { readonly max: number; readonly unit: string },
): number | undefined {
  const values = queryValues(request, name).filter((value) => value !== '')
  if (values.length > 1) throw invalid(`${name} is given ${values.length} times; give it once.`)
  const text = queryValue(request, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && value <= max) return value
  throw invalid(`${name}=${text}: give a number of ${unit} from 0 to ${max}.`)
}

function refuseUnknown(request: FastifyRequest): void {
  const unknown = Object.keys(request.query as object).find((name) => !parameters.includes(name))
  if (unknown !== undefined) throw invalid(`${unknown} is not a parameter of idle; it takes ${parameters.join(', ')}.`)
}

function invalid(message: string): ApiError {
  return new ApiError('InvalidParameterValueException', message)
}
