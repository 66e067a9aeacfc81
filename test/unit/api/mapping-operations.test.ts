import { expect, it } from 'vitest'
import { createMappingOperations } from '../../../src/api/mapping-operations.ts'
import type { ApiDeps } from '../../../src/api/api-deps.ts'
import { found } from '../../support/api.ts'
import { createFakeMappings } from '../../support/mappings.ts'

const queue = 'arn:aws:sqs:us-east-1:000000000000:orders'

/** Answers only by giving up, as an endpoint does that takes connections and says nothing. */
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })

function operations(silent: 'source' | 'function') {
  const mappings = createFakeMappings()
  const functions = {
    functions: [],
    hosted: () => undefined,
    look: () => Promise.resolve('unknown' as const),
    invoke: async () => ({ kind: 'throttled', message: '' }) as const,
    describe: async (_: string, signal: AbortSignal) =>
      silent === 'function' ? never(signal) : ({ kind: 'unknown', message: '' } as const),
    allowsLoops: async () => false,
  }
  const deps: Parameters<typeof createMappingOperations>[0] = {
    mappings,
    functions,
    checkSource: async (_, signal) => (silent === 'source' ? never(signal) : found),
    checkPattern: () => true,
    place: { region: 'us-east-1', account: '000000000000' },
    clock: {
      wallMs: () => 0,
      monoMs: () => 0,
      uuid: () => 'u',
      timer: () => () => undefined,
    } satisfies ApiDeps['clock'],
  }
  return { mappings, operations: createMappingOperations(deps, 10) }
}

it('a source that says nothing is refused in time, with the reason', async () => {
  const { mappings, operations: api } = operations('source')
  await expect(api.create({ EventSourceArn: queue, FunctionName: 'f' })).rejects.toMatchObject({
    type: 'InvalidParameterValueException',
    message: `Cannot reach the event source ${queue}: it did not answer in time`,
  })
  expect(mappings.list()).toEqual([])
})

it('a Lambda endpoint that says nothing of a function is no reason to refuse it', async () => {
  const { mappings, operations: api } = operations('function')
  await api.create({ EventSourceArn: queue, FunctionName: 'f' })
  expect(mappings.list()).toHaveLength(1)
})
