import { createServer } from 'node:net'
import { DeleteEventSourceMappingCommand, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { gate, ok } from '../../../support/functions/behaviour.ts'
import type { ServiceOptions } from './options.ts'
import { ofQueue, type Row, type WhyWorld } from './world.ts'

/** The mapping's own state, and what it does when nothing is wrong. */
export const stateCauses: readonly Row[] = [
  {
    what: 'a mapping that is disabled',
    cause: 'disabled',
    says: 'The mapping has been Disabled since TIME (N s): nothing is read. Turn it on with `millrace mappings update ID --enabled`. The queue holds 1 message meanwhile.',
    async provoke(world) {
      const { arn, name } = world.newQueue()
      world.queues.sendMessage(name, 'one')
      return world.start([ofQueue(arn, { Enabled: false })])
    },
  },
  {
    what: 'a mapping whose source does not answer its first look',
    cause: 'changing',
    says: 'The mapping has been Creating since TIME (N s): it waits for the first answer about the queue queue-N from http://HOST.',
    async provoke(world) {
      const silent = createServer()
      const sockets = new Set<{ destroy(): void }>()
      silent.on('connection', (socket) => sockets.add(socket))
      const port = await new Promise<number>((resolve) => {
        silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { readonly port: number }).port))
      })
      world.afterwards(() => {
        for (const socket of sockets) socket.destroy()
        silent.close()
      })
      const { arn } = world.newQueue()
      return world.start([ofQueue(arn)], { endpoints: { sqs: `http://127.0.0.1:${port}` } })
    },
  },
  {
    what: 'a mapping that is being deleted while its function runs',
    cause: 'deleting',
    says: 'The mapping has been Deleting since TIME (N s): nothing new is read. 1 batch is still in the function.',
    async provoke(world) {
      const millrace = await busy(world)
      const { EventSourceMappings } = await millrace.lambda.send(new ListEventSourceMappingsCommand({}))
      await millrace.lambda.send(new DeleteEventSourceMappingCommand({ UUID: EventSourceMappings?.[0]?.UUID }))
      return millrace
    },
  },
  {
    what: 'a Millrace that is stopping',
    cause: 'stopping',
    says: 'Millrace is shutting down: it finishes what is in flight and reads nothing more.',
    async provoke(world) {
      const millrace = await busy(world, { shutdownGraceMs: 30_000 })
      void millrace.stop()
      return millrace
    },
  },
  {
    what: 'a function that runs',
    cause: 'running',
    says: 'It is running: 1 batch is in the function now.',
    provoke: busy,
  },
  {
    what: 'a queue that has more than MaximumConcurrency lets run',
    cause: 'running',
    says: 'It is running: 2 batches are in the function now. 6 messages wait in the queue: MaximumConcurrency is 2.',
    async provoke(world) {
      const { arn, name } = world.newQueue()
      for (let nth = 0; nth < 9; nth++) world.queues.sendMessage(name, String(nth))
      hold(world)
      const millrace = await world.start([ofQueue(arn, { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } })])
      await world.functions.until((server) => server.running === 2)
      return millrace
    },
  },
  {
    what: 'a queue that is empty',
    cause: 'nothing-wrong',
    says: 'Nothing is wrong: the queue queue-N is being read, and nothing is there that the function has not had.',
    provoke: (world) => world.start([ofQueue(world.newQueue().arn)]),
  },
]

function hold(world: WhyWorld): void {
  const { opened, open } = gate()
  world.afterwards(open)
  world.behave(async () => {
    await opened
    return ok()
  })
}

async function busy(world: WhyWorld, options: ServiceOptions = {}) {
  const { arn, name } = world.newQueue()
  world.queues.sendMessage(name, 'one')
  hold(world)
  const millrace = await world.start([ofQueue(arn)], options)
  await world.functions.until((server) => server.running === 1)
  return millrace
}
