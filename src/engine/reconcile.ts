import { ApiError } from '../model/api-error.ts'
import { type ArnPlace, functionArnOf, functionPlace } from '../model/arn.ts'
import { mappingKey, type MappingDocument } from '../model/mapping.ts'
import { mappingOptions } from '../model/mapping-options.ts'
import { validateCreate, validateUpdate } from '../model/mapping-validation.ts'
import type { RuleContext } from '../model/mapping-rules.ts'
import type { FileMapping } from '../model/settings.ts'
import type { Log } from '../observe/log.ts'
import type { Registry } from './registry.ts'

export interface Reconciliation {
  readonly registry: Pick<Registry, 'list' | 'create' | 'update' | 'delete' | 'tag' | 'atRest'>
  readonly mappings: readonly FileMapping[]
  readonly prune: boolean
  readonly place: ArnPlace
  readonly rules: RuleContext
  readonly log: Log
}

/**
 * Makes the mappings be what the file says, by AWS's own key: missing ones are created, others updated in the members that the file
 * names; what only an earlier file made goes with `prune`. One that cannot be reconciled is reported and keeps nobody else waiting.
 */
export async function reconcile(work: Reconciliation): Promise<void> {
  const known = work.registry.list()
  const wanted = work.mappings.map((mapping) => ({ mapping, document: findFor(mapping, known, work.place) }))
  const named = new Set(wanted.flatMap(({ document }) => document?.uuid ?? []))
  const gone = work.prune ? known.filter((each) => each.origin === 'file' && !named.has(each.uuid)) : []
  await Promise.all([
    ...wanted.map(({ mapping, document }) =>
      reported(work, mapping.where ?? mapping.sourceName, () => bringAbout(work, mapping, document)),
    ),
    ...gone.map((document) => reported(work, document.uuid, () => remove(work, document))),
  ])
}

async function bringAbout(
  work: Reconciliation,
  mapping: FileMapping,
  known: MappingDocument | undefined,
): Promise<void> {
  // A mapping in transition, from before a restart, is waited for; one that was being deleted is made anew.
  const current = known && (await work.registry.atRest(known.uuid))
  if (current === undefined) await create(work, mapping)
  else await update(work, mapping, current)
}

async function create({ registry, place, rules }: Reconciliation, mapping: FileMapping): Promise<void> {
  const { sourceName, parameters: given, tags } = mapping
  const body = { ...given, EventSourceArn: sourceName }
  const { parameters } = validateCreate(body, { ...rules, streamNames: true })
  await registry.create({ origin: 'file', sourceName, functionArn: arnFor(mapping, place), parameters, tags })
}

async function update(work: Reconciliation, mapping: FileMapping, current: MappingDocument): Promise<void> {
  const { registry, rules, log } = work
  const { updatable, fixed } = split(mapping.parameters)
  for (const [name, value] of Object.entries(fixed)) {
    if (name === 'EventSourceArn' || equal(value, member(current.parameters, name))) continue
    log.warn(
      { mapping: current.uuid, parameter: name, at: mapping.where },
      `${name} of a mapping cannot be changed; the mapping keeps its own. Delete it to have it made anew.`,
    )
  }
  const { parameters } = validateUpdate(updatable, current, rules)
  if (!equal(parameters, current.parameters)) await registry.update(current.uuid, { parameters })
  const tags = Object.entries(mapping.tags).filter(([key, value]) => current.tags[key] !== value)
  if (tags.length > 0) await registry.tag(current.uuid, Object.fromEntries(tags))
}

async function remove({ registry }: Reconciliation, document: MappingDocument): Promise<void> {
  const current = await registry.atRest(document.uuid)
  if (current !== undefined) await registry.delete(current.uuid)
}

async function reported({ log }: Reconciliation, at: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    const reason = error instanceof ApiError ? error.message : error
    log.error({ at, error: reason }, 'A mapping of the file could not be brought about.')
  }
}

/** The key is the source as named and the function exactly as qualified; an upstream may have known a better ARN for its name. */
function findFor(
  mapping: FileMapping,
  known: readonly MappingDocument[],
  place: ArnPlace,
): MappingDocument | undefined {
  const key = mappingKey({ sourceName: mapping.sourceName, functionArn: arnFor(mapping, place) })
  return known.find((document) => mappingKey(document) === key || mappingKey(rebuilt(document, place)) === key)
}

function rebuilt({ sourceName, parameters }: MappingDocument, place: ArnPlace) {
  return { sourceName, functionArn: functionArnOf(parameters.FunctionName, functionPlace(sourceName, place)) }
}

function arnFor({ sourceName, parameters }: FileMapping, place: ArnPlace): string {
  return functionArnOf(parameters.FunctionName, functionPlace(sourceName, place))
}

const updatableNames: ReadonlySet<string> = new Set(
  mappingOptions.filter((option) => option.updatable).map((option) => option.name),
)

function split(parameters: FileMapping['parameters']) {
  const entries = Object.entries(parameters)
  return {
    // The function is part of the key: it is the same, however it is spelled.
    updatable: Object.fromEntries(entries.filter(([name]) => name !== 'FunctionName' && updatableNames.has(name))),
    fixed: Object.fromEntries(entries.filter(([name]) => !updatableNames.has(name))),
  }
}

function member(of: object, name: string): unknown {
  return Object.entries(of).find(([key]) => key === name)?.[1]
}

/** The same JSON, whatever the order of members. */
function equal(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].every((name) => equal(member(left, name), member(right, name)))
}
