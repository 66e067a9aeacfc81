import { ApiError } from './api-error.ts'
import { parseFunctionName, sourceOf } from './arn.ts'
import type { MappingDocument, MappingParameters } from './mapping.ts'
import { mappingOptions, optionShapes, type MappingOption } from './mapping-options.ts'
import { checkRules, invalid, refuseEmptyPollers, refusePosition, type RuleContext } from './mapping-rules.ts'
import { readStructure, refuse, violation, type StructureShape, type Violation } from './mapping-shape.ts'
import type { SourceKind } from './source.ts'

/**
 * The order of refusals: shape, source, foreign parameters, what the source allows. The function, duplicates and the
 * access to the source come after, by the caller.
 */
export interface ValidationContext extends RuleContext {
  /** True for the config file alone: a stream may be given as `kinesis:NAME` or `dynamodb:TABLE`. */
  readonly streamNames?: boolean
}

export interface ValidatedCreate {
  readonly source: SourceKind
  readonly sourceName: string
  readonly parameters: MappingParameters
  readonly tags: Readonly<Record<string, string>>
}

export interface ValidatedUpdate {
  /** The whole set after the change. */
  readonly parameters: MappingParameters
  /** The function was named in the update, even if it is the one of before. */
  readonly namesFunction: boolean
}

const createShapes = optionShapes('create')
const updateShapes = optionShapes('update')
const functionNamePartMax = 64
const tagsMax = 50

/** Checks the body of a create as AWS does and fills the defaults in. `body` is parsed JSON. */
export function validateCreate(body: unknown, context: ValidationContext): ValidatedCreate {
  const violations: Violation[] = []
  const given = readStructure(body, createShapes, '', violations)
  checkNames(given, context, violations)
  refuse(violations)
  const sourceName = given['EventSourceArn']
  const source = checkSource(sourceName)
  refusePosition(source, sourceName, given['StartingPosition'])
  refuseForeign(given, source)
  refuseParts(given)
  refuseEmptyPollers(given)
  const parameters = fillIn(given, source)
  checkRules(source, parameters, context)
  return { source, sourceName: parameters.EventSourceArn, parameters, tags: validateTags(given['Tags'] ?? {}) }
}

/** Lays the body of an update over a mapping: absent and null keep, explicitly empty clears. */
export function validateUpdate(
  body: unknown,
  current: Pick<MappingDocument, 'source' | 'parameters'>,
  context: RuleContext,
): ValidatedUpdate {
  const violations: Violation[] = []
  const given = readStructure(body, updateShapes, '', violations)
  checkFunctionName(given['FunctionName'], violations)
  refuse(violations)
  refuseForeign(given, current.source)
  refuseParts(given)
  const merged: Record<string, unknown> = { ...current.parameters, ...given }
  // Criteria that are dropped take their key with them (Encryption of filter criteria).
  if (
    given['FilterCriteria'] !== undefined &&
    given['KMSKeyArn'] === undefined &&
    valueIn(given['FilterCriteria']) === undefined
  ) {
    delete merged['KMSKeyArn']
  }
  const parameters = fillIn(merged, current.source)
  checkRules(current.source, parameters, context)
  return { parameters, namesFunction: given['FunctionName'] !== undefined }
}

/** The rules of TagResource that the shape does not tell. `tags` has been read by its shape. */
export function validateTags(tags: unknown): Readonly<Record<string, string>> {
  // The reader of shapes has made sure that keys and values are strings.
  const read = tags as Readonly<Record<string, string>>
  const reserved = Object.keys(read).find((key) => /^aws:/i.test(key))
  if (reserved !== undefined) throw invalid(`Tag keys that begin with aws: are reserved for AWS: ${reserved}`)
  if (Object.keys(read).length > tagsMax) throw invalid('Number of tags exceeds resource tag limit.')
  return read
}

function checkNames(given: Record<string, unknown>, context: ValidationContext, violations: Violation[]): void {
  const { EventSourceArn: arn, FunctionName: name } = given
  if (typeof arn === 'string' && !context.streamNames && /^(kinesis|dynamodb):/.test(arn)) {
    violations.push(violation(arn, 'eventSourceArn', 'Member must satisfy regular expression pattern: arn:.*'))
  }
  if (name === undefined) violations.push(violation(null, 'functionName', 'Member must not be null'))
  checkFunctionName(name, violations)
}

function checkFunctionName(name: unknown, violations: Violation[]): void {
  if (typeof name !== 'string') return
  if ((parseFunctionName(name)?.name.length ?? 0) <= functionNamePartMax) return
  const text = `Member must have length less than or equal to ${functionNamePartMax}`
  violations.push(violation(name, 'functionName', text))
}

function checkSource(arn: unknown): SourceKind {
  if (typeof arn !== 'string') throw invalid('Unrecognized event source.')
  const source = sourceOf(arn)
  if (source === undefined) {
    throw invalid(
      `Unrecognized event source. Millrace runs SQS queues, Kinesis streams and DynamoDB streams; ${arn} is none of these.`,
    )
  }
  if (source.consumer !== undefined) {
    throw invalid(
      `Unsupported event source: ${arn} is the consumer of an enhanced fan-out, which Millrace does not read yet. ` +
        'Use the ARN of the stream.',
    )
  }
  return source.kind
}

function refuseForeign(given: Record<string, unknown>, source: SourceKind): void {
  for (const { name, sources } of mappingOptions) {
    if (given[name] === undefined || sources.includes(source)) continue
    throw invalid(`Unsupported ${name} parameter for given event source mapping type.`)
  }
}

/** Members inside a parameter that exist in the shape and belong to other sources. */
function refuseParts(given: Record<string, unknown>): void {
  for (const { name, shape } of mappingOptions) {
    if (shape.type !== 'structure') continue
    const part = Object.entries(shape.members).find(
      ([member, { foreign }]) => foreign && valueIn(memberOf(given[name], member)) !== undefined,
    )
    if (part) throw invalid(`Unsupported ${name}.${part[0]} parameter for given event source mapping type.`)
  }
}

/** Fills the defaults in and takes out what was cleared: what is stored is exactly what a response echoes. */
function fillIn(given: Readonly<Record<string, unknown>>, source: SourceKind): MappingParameters {
  const filled: Record<string, unknown> = {}
  for (const option of mappingOptions) {
    const { defaults, name, sources } = option
    if (name === 'Tags' || !sources.includes(source)) continue
    const value = fillInOne(option, given[name]) ?? defaults?.[source]
    if (value !== undefined) filled[name] = value
  }
  // Read by its shape, required members checked, defaults filled in: this is the set by construction.
  return filled as unknown as MappingParameters
}

/** undefined: it is not given, or was cleared. */
function fillInOne({ clearedBy, shape }: MappingOption, given: unknown): unknown {
  if (clearedBy === undefined) return given
  const value = valueIn(given)
  return value === undefined || shape.type !== 'structure' ? value : { ...presetsOf(shape.members), ...value }
}

/** A value without the members that hold nothing; undefined: nothing is left of it. */
function valueIn(value: unknown): unknown {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const members = Object.entries(value).flatMap(([name, member]) => {
    const held = valueIn(member)
    return held === undefined ? [] : [[name, held] as const]
  })
  return members.length === 0 ? undefined : Object.fromEntries(members)
}

function presetsOf(members: StructureShape['members']): Readonly<Record<string, unknown>> {
  const presets = Object.entries(members).filter(([, member]) => member.default !== undefined)
  return Object.fromEntries(presets.map(([name, member]) => [name, member.default]))
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}

/** The refusal of a body that is no JSON. */
export function malformedJson(): ApiError {
  return new ApiError('SerializationException', 'Could not parse request body into json.')
}
