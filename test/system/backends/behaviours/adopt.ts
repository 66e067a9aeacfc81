import { DeleteEventSourceMappingCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import assert from 'node:assert/strict'
import { untilNotShown, untilShown, type AdoptingMillrace, type AdoptionSite } from '../adopting.ts'
import type { ScriptedFunction } from '../functions/scripted-functions.ts'
import { until } from '../../../support/until.ts'
import type { Behaviour } from './behaviour.ts'
import { dynamoDbKind } from './dynamodb.ts'
import { kinesisKind } from './kinesis.ts'
import { bodiesOf, createQueue, timesSeen, type Queue } from './queue.ts'
import { inputFor } from './stream-behaviours.ts'
import { doneOf, labels, untilDone, type StreamKind } from './stream.ts'

/** What `--adopt` does with mappings that a stack has created in a backend which polls for them itself. */
export const adoption: readonly Behaviour[] = [
  {
    source: 'sqs',
    name: 'adopt',
    ownFunctions: true,
    async run(world, id) {
      const queue = await createQueue(world, id)
      const fn = await world.function(id)
      await world.withAdoption(async (site) => {
        const uuid = await site.declare({ EventSourceArn: queue.arn, FunctionName: id, BatchSize: 10 })
        const millrace = await site.restart('--adopt')
        await untilTaken(site, millrace, uuid)
        await throughMillrace({ millrace, queue, fn, uuid }, 'adopted')
        await copyChanges(site, millrace, uuid)
        await untilTakenAgain(site, millrace, uuid)
        await throughMillrace({ millrace, queue, fn, uuid }, 'taken-again')
        await giveBack({ site, queue, fn, uuid })
        await deleteUpstream(site, uuid)
      })
    },
  },
  streamAdoption(kinesisKind),
  streamAdoption(dynamoDbKind),
]

/** Taken, restarted, given back, taken again and deleted here: no record is left out, whoever delivers it. */
function streamAdoption(kind: StreamKind): Behaviour {
  return {
    source: kind.source,
    name: 'adopt',
    ownFunctions: true,
    async run(world, id) {
      const stream = await kind.create(world, id)
      const fn = await world.function(id)
      await world.withAdoption(async (site) => {
        const uuid = await site.declare(inputFor(stream.arn, id))
        const first = await site.restart('--adopt')
        await untilTaken(site, first, uuid)
        await stream.write(labels(0, 5))
        await untilInvoked(first, uuid, 5)
        await untilDone(kind, fn, 5)
        const second = await site.restart('--adopt')
        await stream.write(labels(5, 8))
        await untilDone(kind, fn, 8)
        await untilInvoked(second, uuid, 3)
        // The backend's poller, about to end, may have delivered the first of them as well.
        assert.deepEqual([...new Set(doneOf(kind, fn.invocations))], labels(0, 8), 'in order')
        const undone = await site.restart('--adopt=undo')
        await untilGivenBack(site, undone, uuid)
        await stream.write(labels(8, 10))
        await untilDone(kind, fn, 10)
        assert.equal(await undone.invokedRecords(uuid), 0, 'nothing went through Millrace')
        const last = await site.restart('--adopt')
        await untilTaken(site, last, uuid)
        await last.lambda.send(new DeleteEventSourceMappingCommand({ UUID: uuid }))
        await untilNotShown(last.lambda, uuid, 'here')
        await untilNotShown(site.upstream, uuid, 'at the backend')
      })
    },
  }
}

/** It was not Disabled at the backend before: so it was Millrace that disabled it. */
async function untilTaken({ upstream }: AdoptionSite, { lambda }: AdoptingMillrace, uuid: string): Promise<void> {
  await untilShown(lambda, uuid, 'Enabled here, under the UUID of the backend', ({ State }) => State === 'Enabled')
  await untilShown(upstream, uuid, 'Disabled at the backend', ({ State }) => State === 'Disabled')
}

interface Delivery {
  readonly millrace: AdoptingMillrace
  readonly queue: Queue
  readonly fn: ScriptedFunction
  readonly uuid: string
}

/** A backend may say Disabled while its last read is still open, and that one may take a message: the first, not the second. */
async function throughMillrace({ millrace, queue, fn, uuid }: Delivery, name: string): Promise<void> {
  const before = await millrace.invokedRecords(uuid)
  for (const body of [`${name}-0`, `${name}-1`]) {
    await deliverOnce(queue, fn, body)
    if ((await millrace.invokedRecords(uuid)) > before) return
  }
  assert.fail(`no message was delivered through Millrace (${name})`)
}

async function deliverOnce(queue: Queue, fn: ScriptedFunction, body: string): Promise<void> {
  await queue.send([{ body }])
  await until(() => bodiesOf(fn.invocations).includes(body), `the function gets ${body}`)
  await queue.untilEmpty()
  assert.equal(timesSeen(bodiesOf(fn.invocations), body), 1, `${body} once`)
}

async function untilInvoked(millrace: AdoptingMillrace, uuid: string, records: number): Promise<void> {
  let invoked = 0
  await until(
    async () => {
      invoked = await millrace.invokedRecords(uuid)
      return invoked >= records
    },
    () => `${records} records go through Millrace (${invoked} so far)`,
  )
  assert.equal(invoked, records, 'each once')
}

async function copyChanges({ upstream }: AdoptionSite, { lambda }: AdoptingMillrace, uuid: string): Promise<void> {
  await upstream.send(new UpdateEventSourceMappingCommand({ UUID: uuid, BatchSize: 7 }))
  await untilShown(lambda, uuid, 'changed here as upstream', ({ BatchSize }) => BatchSize === 7)
  await untilShown(lambda, uuid, 'Enabled here after the change', ({ State }) => State === 'Enabled')
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID: uuid, BatchSize: 4 }))
  await untilShown(upstream, uuid, 'changed upstream as here', ({ BatchSize }) => BatchSize === 4)
  await untilShown(lambda, uuid, 'Enabled here', ({ State, BatchSize }) => State === 'Enabled' && BatchSize === 4)
  await untilShown(upstream, uuid, 'Disabled at the backend all the same', ({ State }) => State === 'Disabled')
}

async function untilTakenAgain(site: AdoptionSite, millrace: AdoptingMillrace, uuid: string): Promise<void> {
  const enabled = await site.upstream.send(new UpdateEventSourceMappingCommand({ UUID: uuid, Enabled: true }))
  assert.match(enabled.State ?? '', /^Enabl(ing|ed)$/, 'the backend polls again')
  await untilTaken(site, millrace, uuid)
}

/** Millrace has no mapping any more: whoever delivers is the backend itself. */
async function giveBack({ site, queue, fn, uuid }: Omit<Delivery, 'millrace'> & { readonly site: AdoptionSite }) {
  const millrace = await site.restart('--adopt=undo')
  await untilGivenBack(site, millrace, uuid)
  await deliverOnce(queue, fn, 'given-back')
  assert.equal(await millrace.invokedRecords(uuid), 0)
}

async function untilGivenBack({ upstream }: AdoptionSite, { lambda }: AdoptingMillrace, uuid: string): Promise<void> {
  await untilShown(upstream, uuid, 'Enabled at the backend again', ({ State }) => State === 'Enabled')
  await untilNotShown(lambda, uuid, 'here')
}

async function deleteUpstream(site: AdoptionSite, uuid: string): Promise<void> {
  const millrace = await site.restart('--adopt')
  await untilTaken(site, millrace, uuid)
  await site.upstream.send(new DeleteEventSourceMappingCommand({ UUID: uuid }))
  await untilNotShown(millrace.lambda, uuid, 'here')
}
