import { ApiError } from '../../../../src/model/api-error.ts'
import type { MappingDocument, MappingParameters } from '../../../../src/model/mapping.ts'
import { validateCreate, validateUpdate } from '../../../../src/model/mapping-validation.ts'
import type { Wish } from '../observation.ts'
import { drawChanges } from './parameters.ts'
import type { Body } from './parameters.ts'
import type { MappingPlan } from './scenario.ts'
import type { World } from './world.ts'

const rules = { nowMs: 1_700_000_000_000, checkPattern: () => true }

/** A user of the API: what is refused because there is no process now is asked again a little later. */
export function create(world: World, plan: MappingPlan, patient = true): void {
  const process = world.current
  const again = (): void => world.clock.after(500, () => create(world, plan, patient))
  if (process?.begun !== true || process.stopping) return again()
  const body = { EventSourceArn: plan.source.arn, FunctionName: plan.functionName, ...plan.body }
  const { parameters, sourceName } = validateCreate(body, { ...rules, streamNames: true })
  world.planOf.set(plan.functionName, plan)
  const functionArn = `arn:aws:lambda:us-east-1:000000000000:function:${plan.functionName}`
  const wants = wishOf(parameters)
  send(world, { uuid: null, wants, again: patient ? again : null }, async () => {
    const document = await process.registry.create({ origin: 'api', sourceName, functionArn, parameters, tags: {} })
    return document.uuid
  })
}

/** One call about one of the mappings that are there. */
export function disturb(world: World): void {
  const { prng } = world
  const process = world.current
  if (process?.begun !== true || process.stopping) return
  const documents = process.registry.list().filter((document) => !isCalm(world, document))
  const document = documents[prng.int(0, Math.max(0, documents.length - 1))]
  if (document === undefined) return
  if (prng.chance(0.15)) return remove(world, document)
  const enabled = document.parameters.Enabled
  const other = prng.chance(0.5)
  change(world, document, {
    ...(prng.chance(0.6) ? drawChanges(prng, document.source) : {}),
    ...(other ? { Enabled: !enabled } : {}),
    ...(prng.chance(0.2) ? { FunctionName: `${nameOf(document)}:v${String(prng.int(1, 9))}` } : {}),
  })
}

export function change(world: World, document: MappingDocument, body: Body): void {
  const process = world.current
  if (process?.begun !== true || process.stopping) return
  const { uuid } = document
  const valid = validated(body, document)
  if (valid === null) return
  const { parameters, namesFunction } = valid
  const named = `arn:aws:lambda:us-east-1:000000000000:function:${parameters.FunctionName}`
  send(world, { uuid, wants: wishOf(parameters), again: null }, async () => {
    await process.registry.update(uuid, { ...(namesFunction ? { functionArn: named } : {}), parameters })
    return uuid
  })
}

/** What AWS's rules refuse does not reach the engine. */
function validated(body: Body, document: MappingDocument): ReturnType<typeof validateUpdate> | null {
  try {
    return validateUpdate(body, document, rules)
  } catch (error) {
    if (error instanceof ApiError) return null
    throw error
  }
}

function remove(world: World, { uuid }: MappingDocument): void {
  const process = world.current
  if (process?.begun !== true) return
  send(world, { uuid, wants: { state: 'gone' }, again: null }, async () => {
    await process.registry.delete(uuid)
    return uuid
  })
}

function send(
  world: World,
  { uuid, wants, again }: { readonly uuid: string | null; readonly wants: Wish; readonly again: (() => void) | null },
  act: () => Promise<string>,
): void {
  const call = world.draw()
  world.note({ kind: 'called', call, uuid, wants })
  act().then(
    (known) => world.note({ kind: 'accepted', call, uuid: known, wants }),
    (error: unknown) => {
      world.note({ kind: 'refused', call, uuid, wants })
      const isExpected = error instanceof ApiError || (error instanceof Error && error.message.startsWith('The store '))
      if (!isExpected) world.fail(error)
      again?.()
    },
  )
}

function wishOf(parameters: MappingParameters): Wish {
  return { state: parameters.Enabled ? 'Enabled' : 'Disabled', parameters: JSON.stringify(parameters) }
}

function nameOf(document: MappingDocument): string {
  return document.parameters.FunctionName.split(':')[0] ?? ''
}

function isCalm(world: World, document: MappingDocument): boolean {
  return world.planOf.get(nameOf(document))?.calm === true
}
