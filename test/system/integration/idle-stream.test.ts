import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ok } from '../../support/functions/behaviour.ts'
import { startKinesisService, type KinesisService, type KinesisStack } from './kinesis-stack.ts'
import { bodiesOf, queueArn } from './queue-stack.ts'

let service: KinesisService
let stack: KinesisStack

beforeAll(async () => {
  service = await startKinesisService()
})

afterAll(() => service.stop())

afterEach(() => stack.stop())

it('a chain of queue, function, stream and function is idle when its last function has run', async () => {
  stack = await service.stackOf(2)
  const { functions, left, put, queue, queues, runWith, seen } = stack
  queue('first')
  functions.behave(async ({ functionName, payload }) => {
    if (functionName === 'invoices') await put(...bodiesOf([{ payload }]))
    return ok()
  })
  const { endpoint } = await runWith(
    {},
    {},
    { EventSourceArn: queueArn('first'), FunctionName: 'invoices', StartingPosition: undefined },
  )
  for (let round = 1; round <= 3; round++) {
    const bodies = Array.from({ length: 10 }, (_, index) => `${String.fromCodePoint(97 + index)}${round}`)
    for (const body of bodies) queues.sendMessage('first', body)
    const answer: unknown = await (await fetch(`${endpoint}/_millrace/idle?timeout=30`)).json()
    expect(answer).toMatchObject({ idle: true, mappings: 2 })
    expect(left('first')).toBe(0)
    expect(new Set(seen())).toEqual(new Set([...seen().slice(0, 10 * (round - 1)), ...bodies]))
  }
})
