import { expect, it } from 'vitest'
import { createMemoryQueue } from '../../support/sources/memory-queue.ts'
import { engineRig } from './engine-rig.ts'
import { manualClock } from '../../support/manual-clock.ts'

it('keeps no places free for mappings that are disabled', async () => {
  const time = manualClock()
  const queue = createMemoryQueue({ clock: time.clock })
  let out = 0
  const invoke = (): Promise<never> => {
    out += 1
    return new Promise(() => {})
  }
  const { create, registry } = engineRig({ time, source: queue, invoke })
  registry.start()
  for (const name of ['a', 'b']) await create(queue.arn, { FunctionName: name, Enabled: false })
  const { uuid, parameters } = await create(queue.arn, { FunctionName: 'c' })
  await time.pass(1_000)
  await registry.update(uuid, { parameters: { ...parameters, Enabled: false } })
  await time.pass(10_000)
  expect(registry.get(uuid)?.state).toBe('Disabled')
  for (let sent = 0; sent < 30; sent++) queue.send(`m${sent}`)
  await create(queue.arn, { FunctionName: 'd', BatchSize: 1 })
  await time.pass(10_000)
  expect(out).toBe(10)
  registry.abort()
})

it('forgets how many the function before takes at once when nothing is known of the new one', async () => {
  const time = manualClock()
  const queue = createMemoryQueue({ clock: time.clock })
  const names: string[] = []
  const { create, registry } = engineRig({
    time,
    source: queue,
    invoke: ({ functionName }) => {
      names.push(functionName)
      return new Promise(() => {})
    },
    describeFunction: (name) =>
      name === 'hosted'
        ? { kind: 'found', arn: null, timeoutMs: 900_000, concurrency: 1 }
        : { kind: 'unknown', message: 'The endpoint has no such operation.' },
  })
  registry.start()
  const { uuid, parameters } = await create(queue.arn, { FunctionName: 'hosted', BatchSize: 1 })
  await time.pass(1_000)
  await registry.update(uuid, { parameters: { ...parameters, FunctionName: 'elsewhere' } })
  for (let sent = 0; sent < 30; sent++) queue.send(`m${sent}`)
  await time.pass(10_000)
  expect(names).toEqual(Array.from({ length: 10 }, () => 'elsewhere'))
  registry.abort()
})
