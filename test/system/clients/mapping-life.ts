import assert from 'node:assert/strict'
import { until } from '../../support/until.ts'
import type { LambdaAnswer, LambdaCall } from './tool.ts'

/** What a mapping goes through in the hands of one client. */
export interface LifePlan {
  readonly sourceArn: string
  readonly functionName: string
  /** Members of the create beside source and function. */
  readonly created: Readonly<Record<string, unknown>>
  /** Members of the update, which the answers show afterwards. */
  readonly updated: Readonly<Record<string, unknown>>
  /** Sends one record and waits until the function got it. */
  readonly carries: () => Promise<void>
}

/** Steps of a life, in their order: the columns of the clients' table. */
export const lifeSteps = ['create', 'get', 'list', 'tags', 'update', 'disable', 'enable', 'delete'] as const

export async function mappingLife(call: LambdaCall, plan: LifePlan, began: (step: string) => void): Promise<void> {
  const { sourceArn: EventSourceArn, functionName: FunctionName } = plan
  const step = <T>(name: (typeof lifeSteps)[number], action: () => Promise<T>): Promise<T> => {
    began(name)
    return action()
  }
  const made = await step('create', async () => {
    const create = { EventSourceArn, FunctionName, Tags: { team: 'mill' }, ...plan.created }
    const answer = await call('CreateEventSourceMapping', create)
    shows(answer, { ...plan.created, EventSourceArn })
    assert.match(String(answer['FunctionArn']), new RegExp(`:function:${FunctionName}$`))
    assert.ok(['Creating', 'Enabled'].includes(String(answer['State'])), String(answer['State']))
    await refused(call('CreateEventSourceMapping', create), 'ResourceConflictException')
    return answer
  })
  const UUID = String(made['UUID'])
  const untilState = (state: string): Promise<void> => untilShown(call, UUID, { State: state })
  await step('get', async () => {
    await untilState('Enabled')
    shows(await call('GetEventSourceMapping', { UUID }), { ...plan.created, UUID, EventSourceArn })
    await plan.carries()
  })
  await step('list', async () => {
    const { EventSourceMappings: all } = await call('ListEventSourceMappings', { EventSourceArn })
    assert.deepEqual(
      (all as readonly LambdaAnswer[]).map((each) => each['UUID']),
      [UUID],
    )
    const none = await call('ListEventSourceMappings', { EventSourceArn, FunctionName: 'another' })
    assert.deepEqual(none['EventSourceMappings'], [])
  })
  await step('tags', () => tagsLife(call, String(made['EventSourceMappingArn'])))
  await step('update', async () => {
    shows(await call('UpdateEventSourceMapping', { UUID, ...plan.updated }), { UUID })
    await untilShown(call, UUID, { ...plan.updated, State: 'Enabled' })
    await plan.carries()
  })
  await step('disable', async () => {
    await call('UpdateEventSourceMapping', { UUID, Enabled: false })
    await untilState('Disabled')
  })
  await step('enable', async () => {
    await call('UpdateEventSourceMapping', { UUID, Enabled: true })
    await untilState('Enabled')
    await plan.carries()
  })
  await step('delete', async () => {
    const { State } = await call('DeleteEventSourceMapping', { UUID })
    assert.equal(State, 'Deleting')
    await until(async () => (await nameOf(call('GetEventSourceMapping', { UUID }))) === notFound, 'the mapping is gone')
    await refused(call('UpdateEventSourceMapping', { UUID, BatchSize: 1 }), notFound)
    await refused(call('DeleteEventSourceMapping', { UUID }), notFound)
  })
}

const notFound = 'ResourceNotFoundException'

async function tagsLife(call: LambdaCall, Resource: string): Promise<void> {
  const tags = async (): Promise<unknown> => (await call('ListTags', { Resource }))['Tags']
  assert.deepEqual(await tags(), { team: 'mill' })
  await call('TagResource', { Resource, Tags: { stage: 'try/out', team: 'race' } })
  assert.deepEqual(await tags(), { team: 'race', stage: 'try/out' })
  await call('UntagResource', { Resource, TagKeys: ['stage', 'never there'] })
  assert.deepEqual(await tags(), { team: 'race' })
}

async function untilShown(call: LambdaCall, UUID: string, wanted: Readonly<Record<string, unknown>>): Promise<void> {
  let last: LambdaAnswer = {}
  await until(
    async () => {
      last = await call('GetEventSourceMapping', { UUID })
      return Object.entries(wanted).every(([name, value]) => same(last[name], value))
    },
    () => `the mapping shows ${JSON.stringify(wanted)}: ${JSON.stringify(last)}`,
  )
}

function shows(answer: LambdaAnswer, wanted: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(wanted)) assert.deepEqual(answer[name], value, name)
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

async function refused(call: Promise<LambdaAnswer>, name: string): Promise<void> {
  assert.equal(await nameOf(call), name)
}

async function nameOf(call: Promise<LambdaAnswer>): Promise<string> {
  try {
    return `no error: ${JSON.stringify(await call)}`
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}
