import { expect, it } from 'vitest'
import { startFauxqs } from 'fauxqs'
import type * as library from '../../../src/service.ts'
import { startFunction } from './function-server.ts'
import { ordersArn } from './stack.ts'
import { until } from '../../support/until.ts'

it('the built library starts the same service in-process and disposes of it', async () => {
  // By its own name, as package.json exports it to others.
  const { startMillrace } = (await import('millrace' as string)) as typeof library
  const queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
  const target = await startFunction('answer')
  const { queueArn } = queues.createQueue('orders')
  const millrace = await startMillrace({
    aws: { region: 'us-east-1', endpoint: `http://127.0.0.1:${queues.port}` },
    functions: { orders: { url: target.url } },
    mappings: [{ EventSourceArn: queueArn, FunctionName: 'orders' }],
  })
  try {
    expect(queueArn).toBe(ordersArn)
    queues.sendMessage('orders', 'hello')
    await until(() => target.answered().includes('hello'), 'the function has the message')
    const response = await fetch(`${millrace.endpoint}/readyz`)
    expect(response.status).toBe(200)
  } finally {
    await millrace[Symbol.asyncDispose]()
    await target.stop()
    await queues.stop()
  }
  await expect(fetch(`${millrace.endpoint}/readyz`)).rejects.toThrow('fetch failed')
})
