import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  PublishVersionCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import assert from 'node:assert/strict'
import { untilShown } from '../adopting.ts'
import type { ScriptedFunction } from '../functions/scripted-functions.ts'
import { until } from '../../../support/until.ts'
import type { World } from '../world.ts'
import type { Behaviour } from './behaviour.ts'
import { bodiesOf, createQueue, timesSeen, type Queue } from './queue.ts'

const alias = 'live'

/** Mappings to an alias and to a version: created, changed, and made by a stack as CDK's `alias.addEventSource` does. */
export const qualifiedFunctions: readonly Behaviour[] = [
  {
    source: 'sqs',
    name: 'alias',
    ownFunctions: true,
    async run(world, id) {
      const queue = await createQueue(world, id)
      const fn = await world.function(id)
      const version = await publish(world, id)
      for (const qualifier of [alias, version, '$LATEST']) await deliverTo(qualifier, { world, queue, fn, id })
      await refuseUnknown(world, queue, id)
      await world.withAdoption(async (site) => {
        const uuid = await site.declare({ EventSourceArn: queue.arn, FunctionName: `${id}:${alias}`, BatchSize: 1 })
        const millrace = await site.restart('--adopt')
        await untilShown(
          millrace.lambda,
          uuid,
          'Enabled here, for the alias',
          ({ State, FunctionArn: arn }) => State === 'Enabled' && arn?.endsWith(`:${alias}`) === true,
        )
        await untilShown(site.upstream, uuid, 'Disabled at the backend', ({ State }) => State === 'Disabled')
        // The backend's last read may be open still, and take the first of them.
        for (const body of ['adopted-0', 'adopted-1']) await deliver(queue, fn, body)
        assert.ok((await millrace.invokedRecords(uuid)) > 0, 'the alias is delivered to from here')
      })
    },
  },
]

/** Through Millrace's port, as everything that is about functions. */
async function publish({ clients: { lambda } }: World, id: string): Promise<string> {
  const { Version: version = '' } = await lambda.send(new PublishVersionCommand({ FunctionName: id }))
  await lambda.send(new CreateAliasCommand({ FunctionName: id, Name: alias, FunctionVersion: version }))
  return version
}

interface Place {
  readonly world: World
  readonly queue: Queue
  readonly fn: ScriptedFunction
  readonly id: string
}

async function deliverTo(qualifier: string, { world, queue, fn, id }: Place): Promise<void> {
  const { lambda } = world.clients
  const input = { EventSourceArn: queue.arn, FunctionName: `${id}:${qualifier}`, BatchSize: 1 }
  await world.withMapping(input, async (uuid) => {
    const { FunctionArn: arn = '' } = await lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }))
    assert.ok(arn.endsWith(`:function:${id}:${qualifier}`), `${arn} names the qualifier`)
    await deliver(queue, fn, `to-${qualifier}`)
    // An update that names the function looks for it again.
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID: uuid, FunctionName: `${id}:${qualifier}` }))
    await untilShown(lambda, uuid, 'Enabled after the update', ({ State }) => State === 'Enabled')
    await deliver(queue, fn, `again-to-${qualifier}`)
  })
}

async function refuseUnknown({ clients: { lambda } }: World, queue: Queue, id: string): Promise<void> {
  const created = lambda.send(
    new CreateEventSourceMappingCommand({ EventSourceArn: queue.arn, FunctionName: `${id}:nobody` }),
  )
  await assert.rejects(created, { name: 'InvalidParameterValueException', message: 'Function does not exist' })
}

async function deliver(queue: Queue, fn: ScriptedFunction, body: string): Promise<void> {
  await queue.send([{ body }])
  await until(() => bodiesOf(fn.invocations).includes(body), `the function gets ${body}`)
  await queue.untilEmpty()
  assert.equal(timesSeen(bodiesOf(fn.invocations), body), 1, `${body} once`)
}
