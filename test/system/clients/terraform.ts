import assert from 'node:assert/strict'
import { until } from '../../support/until.ts'
import type { LambdaAnswer, LambdaCall } from './tool.ts'

/**
 * What Terraform's AWS provider does with an `aws_lambda_event_source_mapping`, call by call: it repeats a create while the role is
 * not known everywhere, an update and a delete while the mapping is in use, reads until a state settles, and plans nothing where
 * a second read says the same as the first.
 */
export const terraformSteps = ['apply', 'plan', 'change', 'plan again', 'destroy'] as const

export interface TerraformPlan {
  readonly sourceArn: string
  readonly functionName: string
  /** The arguments of the resource. */
  readonly arguments: Readonly<Record<string, unknown>>
  readonly changed: Readonly<Record<string, unknown>>
  readonly tags: Readonly<Record<string, string>>
  /** How many times the create is to be refused for want of rights before it works. */
  readonly refusals: number
}

export async function terraformRun(
  call: LambdaCall,
  plan: TerraformPlan,
  began: (step: string) => void,
): Promise<void> {
  began('apply')
  const create = { EventSourceArn: plan.sourceArn, FunctionName: plan.functionName, Tags: plan.tags, ...plan.arguments }
  const creation = await retried(() => call('CreateEventSourceMapping', create), isRoleError)
  assert.equal(creation.refusals, plan.refusals, 'the create was refused for want of rights')
  const UUID = String(creation.answer['UUID'])
  const first = await settled(call, UUID, ['Creating', 'Enabling', 'Updating'])
  assert.equal(first['State'], 'Enabled')

  began('plan')
  await emptyPlan(call, { UUID, state: first, wanted: plan.arguments, tags: plan.tags })

  began('change')
  await retried(() => call('UpdateEventSourceMapping', { UUID, ...plan.changed }), isInUse)
  const second = await settled(call, UUID, ['Disabling', 'Enabling', 'Updating'])

  began('plan again')
  await emptyPlan(call, { UUID, state: second, wanted: { ...plan.arguments, ...plan.changed }, tags: plan.tags })

  began('destroy')
  // Nothing waits between the two: the delete comes while the mapping is on its way.
  await call('UpdateEventSourceMapping', { UUID, Enabled: false })
  await retried(() => call('DeleteEventSourceMapping', { UUID }), isInUse)
  await until(async () => {
    try {
      return (await call('GetEventSourceMapping', { UUID }))['State'] !== 'Deleting'
    } catch (error) {
      if (nameOf(error) === 'ResourceNotFoundException') return true
      throw error
    }
  }, 'the mapping is gone')
  await assert.rejects(call('GetEventSourceMapping', { UUID }), { name: 'ResourceNotFoundException' })
}

interface Resource {
  readonly UUID: string
  /** The state as it was written down. */
  readonly state: LambdaAnswer
  readonly wanted: Readonly<Record<string, unknown>>
  readonly tags: Readonly<Record<string, string>>
}

/** A refresh reads what was written down, and nothing differs from the configuration. */
async function emptyPlan(call: LambdaCall, { UUID, state, wanted, tags }: Resource): Promise<void> {
  const refreshed = await call('GetEventSourceMapping', { UUID })
  const { LastProcessingResult: _, ...stable } = refreshed
  const { LastProcessingResult: __, ...before } = state
  assert.deepEqual(stable, before, 'a second read says the same')
  for (const [name, value] of Object.entries(wanted)) assert.deepEqual(refreshed[name], value, name)
  const { Tags } = await call('ListTags', { Resource: refreshed['EventSourceMappingArn'] })
  assert.deepEqual(Tags, tags)
}

async function settled(call: LambdaCall, UUID: string, pending: readonly string[]): Promise<LambdaAnswer> {
  let answer: LambdaAnswer = {}
  await until(
    async () => {
      answer = await call('GetEventSourceMapping', { UUID })
      return !pending.includes(String(answer['State']))
    },
    () => `the state settles (it is ${String(answer['State'])})`,
  )
  return answer
}

async function retried(
  attempt: () => Promise<LambdaAnswer>,
  again: (error: unknown) => boolean,
): Promise<{ readonly answer: LambdaAnswer; readonly refusals: number }> {
  let refusals = 0
  let answer: LambdaAnswer | undefined
  await until(async () => {
    try {
      answer = await attempt()
      return true
    } catch (error) {
      if (!again(error)) throw error
      refusals += 1
      return false
    }
  }, 'the call is taken')
  assert.ok(answer !== undefined)
  return { answer, refusals }
}

/** The texts by which the provider knows that a role's rights are still on their way. */
function isRoleError(error: unknown): boolean {
  const texts = [
    'cannot be assumed by Lambda',
    'execution role does not have permissions',
    'ensure the role can perform',
  ]
  return nameOf(error) === 'InvalidParameterValueException' && texts.some((text) => String(error).includes(text))
}

function isInUse(error: unknown): boolean {
  return nameOf(error) === 'ResourceInUseException'
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
