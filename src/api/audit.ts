import type { FastifyRequest } from 'fastify'
import type { MappingDocument, MappingParameters } from '../model/mapping.ts'
import type { Log } from '../observe/log.ts'

/** One line of the log for every change that a request has made: who, from where, what. */
export interface Audit {
  record(request: FastifyRequest, change: Change): void
}

export interface Change {
  /** Lambda's name of the operation, or method and path of what was passed on. */
  readonly operation: string
  readonly uuid?: string
  /** What is different now; texts are cut where nobody reads on. */
  readonly changed?: Readonly<Record<string, unknown>>
  readonly status?: number
}

const textLengthMax = 2_000

export function createAudit(log: Pick<Log, 'info'>): Audit {
  return {
    record({ caller }, { changed, ...change }) {
      log.info(
        { ...change, ...(changed !== undefined && { changed: shortened(changed) }), caller: { ...caller } },
        'Changed by a request of the API.',
      )
    },
  }
}

/** What a mapping begins with, for the line of its creation. */
export function beginning({ functionArn, parameters, sourceName, tags }: MappingDocument): Change['changed'] {
  const { EventSourceArn: _source, FunctionName: _function, ...options } = parameters
  return {
    source: sourceName,
    functionArn,
    ...options,
    ...(Object.keys(tags).length > 0 && { tags: Object.keys(tags) }),
  }
}

/** The parameters that an update has changed, with their new values. */
export function differences(before: MappingDocument, after: MappingDocument): Change['changed'] {
  const names = new Set([...Object.keys(before.parameters), ...Object.keys(after.parameters)])
  const valueOf = (of: MappingParameters, name: string): unknown => (of as unknown as Record<string, unknown>)[name]
  return Object.fromEntries(
    [...names]
      .filter(
        (name) => JSON.stringify(valueOf(before.parameters, name)) !== JSON.stringify(valueOf(after.parameters, name)),
      )
      .map((name) => [name, valueOf(after.parameters, name) ?? null]),
  )
}

function shortened(changed: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(changed).map(([name, value]) => {
      const text = JSON.stringify(value) ?? ''
      return [name, text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : value]
    }),
  )
}
