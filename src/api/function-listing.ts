import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Shape } from '../model/mapping-shape.ts'
import type { FunctionSettings } from '../model/settings.ts'
import type { ApiDeps } from './api-deps.ts'
import { sendError } from './error-response.ts'
import { functionConfiguration } from './function-configuration.ts'
import { readPageSize } from './page-size.ts'
import { ownUpstream, type WayUp } from './pass-through.ts'
import { queryValue } from './request-body.ts'
import { upstreamFunctions } from './upstream-functions.ts'

export interface FunctionListing {
  /** ListFunctions: ours first, then the upstream's. */
  functions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** ListVersionsByFunction, which is how Terraform looks for a function of the config. */
  versions(settings: FunctionSettings, request: FastifyRequest): object
}

/** A page holds at most this many, whatever MaxItems says (API_ListFunctions, API_ListVersionsByFunction). */
const pageMax = 50

export function createFunctionListing(
  deps: ApiDeps,
  way: Pick<WayUp, 'ended' | 'hops'>,
  startedMs: number,
): FunctionListing {
  const { functions: hosted } = deps.functions
  const names = new Set<unknown>(hosted.map(bareName))
  const shownAs = (settings: FunctionSettings, qualifier?: string) =>
    functionConfiguration(settings, deps.place, startedMs, { qualifier })

  return {
    async functions(request, reply) {
      const query = queryOf(request, { FunctionVersion: { type: 'string', values: ['ALL'] } })
      if (deps.upstream !== null && way.hops.isOwn(request))
        return sendError(reply, ownUpstream(deps.upstream.endpoint))
      const all = queryValue(request, 'FunctionVersion') === 'ALL'
      const listed = all ? hosted : hosted.filter((one) => one === unqualified(hosted, one))
      const ours = pageOf(listed, query)
      const shown = ours.items.map((one) => shownAs(one))
      const room = query.size - shown.length
      if (ours.nextMarker !== null || (room === 0 && deps.upstream !== null)) {
        return reply.send({ Functions: shown, NextMarker: ours.nextMarker ?? markerOf(listed.length) })
      }
      const path = query.isTheirs ? request.url : pathOfFirst(request.url, room)
      const theirs = await upstreamFunctions(deps, { ...way, request, reply, path })
      // One entry a name: that of the config wins, as it does in an invocation.
      const others = theirs.functions.filter((one) => !names.has(nameOf(one)))
      return reply.send({ Functions: [...shown, ...others], NextMarker: theirs.nextMarker })
    },

    versions(settings, request) {
      const name = bareName(settings)
      const published = hosted.filter((one) => bareName(one) === name && /:\d+$/.test(one.name))
      const versions = [shownAs({ ...settings, name }, '$LATEST'), ...published.map((one) => shownAs(one))]
      const { items, nextMarker } = pageOf(versions, queryOf(request))
      return { Versions: items, NextMarker: nextMarker }
    },
  }
}

interface PageQuery {
  readonly size: number
  /** Entries of ours that earlier pages have shown. */
  readonly from: number
  /** The marker is the upstream's: all of ours have been shown. */
  readonly isTheirs: boolean
}

/** `shapes`: what the operation's query has beside the members that every list has. */
function queryOf(request: FastifyRequest, shapes: Readonly<Record<string, Shape>> = {}): PageQuery {
  const members = Object.fromEntries(Object.keys(shapes).map((name) => [name, queryValue(request, name)]))
  const size = readPageSize({ ...members, MaxItems: queryValue(request, 'MaxItems') }, shapes, pageMax)
  const marker = queryValue(request, 'Marker')
  if (marker === undefined) return { size, from: 0, isTheirs: false }
  const [, from] = /^millrace\/(\d{1,9})$/.exec(Buffer.from(marker, 'base64').toString()) ?? []
  return from === undefined ? { size, from: Infinity, isTheirs: true } : { size, from: Number(from), isTheirs: false }
}

function markerOf(shown: number): string {
  return Buffer.from(`millrace/${shown}`).toString('base64')
}

interface Page<Item> {
  readonly items: readonly Item[]
  /** Null: there are no more of ours. */
  readonly nextMarker: string | null
}

/** The functions of the config stay what they are while the process runs, so their number is a place. */
function pageOf<Item>(all: readonly Item[], { from, size }: PageQuery): Page<Item> {
  const items = all.slice(from, from + size)
  const end = from + items.length
  return { items, nextMarker: end < all.length ? markerOf(end) : null }
}

/** The question for the upstream's first page, which fills up one of ours. */
function pathOfFirst(url: string, room: number): string {
  const [path = '', search = ''] = url.split('?', 2)
  const query = new URLSearchParams(search)
  query.delete('Marker')
  query.set('MaxItems', String(room))
  return `${path}?${query.toString()}`
}

/** The entry that stands for a function in a list without versions: the one of its bare name, else its first. */
function unqualified(functions: readonly FunctionSettings[], wanted: FunctionSettings): FunctionSettings | undefined {
  const name = bareName(wanted)
  return functions.find((one) => one.name === name) ?? functions.find((one) => bareName(one) === name)
}

function bareName({ name }: FunctionSettings): string {
  return name.split(':', 1)[0] ?? name
}

function nameOf(listed: unknown): unknown {
  return typeof listed === 'object' && listed !== null && 'FunctionName' in listed ? listed.FunctionName : undefined
}
