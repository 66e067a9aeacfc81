import type { Declaration, SeenMapping } from '../core/adoption/view.ts'
import { isJsonObject, type JsonObject } from '../events/json-value.ts'
import { ApiError } from '../model/api-error.ts'
import { type ArnPlace, functionArnOf, functionPlace, sourceKindOf } from '../model/arn.ts'
import { mappingOptions } from '../model/mapping-options.ts'
import type { Shape } from '../model/mapping-shape.ts'
import type { RuleContext } from '../model/mapping-rules.ts'
import { validateCreate } from '../model/mapping-validation.ts'
import { isStream, type SourceKind } from '../model/source.ts'
import type { UpstreamMapping } from '../ports.ts'

export interface DeclarationContext {
  readonly place: ArnPlace
  readonly rules: RuleContext
  /** LastModified of each at the look before. */
  readonly before: ReadonlyMap<string, number | null>
}

/** A mapping of the upstream as the planner sees it. */
export function seenOf(mapping: UpstreamMapping, context: DeclarationContext): SeenMapping {
  const { uuid, modifiedMs, state } = mapping
  const isSteady = context.before.get(uuid) === modifiedMs
  return { uuid, modifiedMs, isSteady, state: stateOf(state), declaration: declarationOf(mapping, context) }
}

function stateOf(state: string): SeenMapping['state'] {
  return state === 'Enabled' || state === 'Disabled' || state === 'Deleting' ? state : 'moving'
}

/** What the stack declared, in our words: emulators echo members that the source does not have, and leave others out. */
function declarationOf({ members }: UpstreamMapping, { place, rules }: DeclarationContext): Declaration {
  const { EventSourceArn: source } = members
  const kind = typeof source === 'string' ? sourceKindOf(source) : undefined
  if (kind === undefined) return foreign(`it reads ${typeof source === 'string' ? source : 'neither queue nor stream'}`)
  if (members['KMSKeyArn'] && !members['FilterCriteria']) return foreign('its filter is encrypted and cannot be read')
  try {
    const { parameters, sourceName } = validateCreate(bodyOf(members, kind), rules)
    const functionArn = functionArnOf(parameters.FunctionName, functionPlace(sourceName, place))
    return { kind: 'runnable', sourceName, functionArn, parameters, text: JSON.stringify(parameters) }
  } catch (error) {
    if (error instanceof ApiError) return foreign(error.message)
    throw error
  }
}

function foreign(what: string): Declaration {
  return { kind: 'foreign', reason: `Millrace cannot run it, and leaves it to the upstream: ${what}` }
}

function bodyOf(members: UpstreamMapping['members'], kind: SourceKind): Readonly<Record<string, unknown>> {
  const own: Readonly<Record<string, unknown>> = Object.fromEntries(
    mappingOptions
      .filter(({ sources }) => sources.includes(kind))
      .map(({ name, shape }) => [name, untexted(members[name], shape)]),
  )
  const start = isStream(kind) && !members['StartingPosition'] ? { StartingPosition: 'TRIM_HORIZON' } : {}
  const functionName = members['FunctionArn'] ?? members['FunctionName']
  return { ...own, ...start, FunctionName: functionName, Enabled: true }
}

/** Parameters of a template are texts, and an emulator may keep them so: `"BatchSize": "7"` means 7. */
function untexted(value: unknown, shape: Shape): unknown {
  switch (shape.type) {
    case 'integer':
    case 'timestamp':
      return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value
    case 'boolean':
      return typeof value === 'string' ? (booleans.get(value.toLowerCase()) ?? value) : value
    case 'list':
      return Array.isArray(value) ? value.map((one: unknown) => untexted(one, shape.of)) : value
    case 'structure':
      return isJsonObject(value) ? untextedMembers(value, shape.members) : value
    case 'string':
    case 'map':
    case 'any':
      return value
    default:
      return shape satisfies never
  }
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

function untextedMembers(value: JsonObject, shapes: Readonly<Record<string, Shape>>): JsonObject {
  const members = Object.entries(value).map(([name, member]) => {
    const shape = shapes[name]
    return [name, shape === undefined ? member : untexted(member, shape)] as const
  })
  return Object.fromEntries(members)
}
