import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { mappingResponse } from '../../../src/api/mapping-response.ts'
import { mappingFlagRows, readMappingArguments } from '../../../src/cli/mapping-flags.ts'
import { readSettings } from '../../../src/config/settings-reader.ts'
import type { MappingOption } from '../../../src/model/mapping-options.ts'
import { validateCreate, validateUpdate } from '../../../src/model/mapping-validation.ts'
import type { ShapeValue } from '../../../src/model/shape-value.ts'

// The mock of the table is made before anything else here.
const planted = vi.hoisted(
  () =>
    ({
      name: 'PatienceConfig',
      shape: {
        type: 'structure',
        members: {
          Level: { type: 'string', values: ['little', 'much'] },
          Seconds: { type: 'integer', min: 1, max: 9, default: 3 },
          KafkaLevel: { type: 'string', foreign: true },
        },
      },
      updatable: true,
      sources: ['sqs'],
      clearedBy: '{}',
      doc: 'How long to wait for what never comes.',
    }) as const satisfies MappingOption,
)

vi.mock('../../../src/model/mapping-options.ts', async (original) => {
  const module = await original<typeof import('../../../src/model/mapping-options.ts')>()
  const mappingOptions = [...module.mappingOptions, planted]
  const shapesOf = module.optionShapes
  return {
    ...module,
    mappingOptions,
    optionShapes: (operation: 'create' | 'update') => ({ ...shapesOf(operation), PatienceConfig: planted.shape }),
  }
})

const rules = { nowMs: 0, checkPattern: () => true }
const queue = { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders', FunctionName: 'orders' }
const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2025-01-01T00:00:00.000'
const create = (PatienceConfig: unknown, source: object = queue) =>
  validateCreate({ ...queue, ...source, PatienceConfig }, rules).parameters

describe('a mapping option that has its row in the table, and nothing else', () => {
  it('is read by its shape, its defaults filled in', () => {
    expect(create({ Level: 'much' })).toMatchObject({ PatienceConfig: { Level: 'much', Seconds: 3 } })
    expect(() => create({ Level: 'none' })).toThrow("at 'patienceConfig.level' failed to satisfy constraint")
    expect(() => create({ Seconds: 10 })).toThrow("at 'patienceConfig.seconds' failed to satisfy constraint")
  })

  it('is refused for sources that have none, and so are its members of other sources', () => {
    const stream = { EventSourceArn: table, StartingPosition: 'LATEST' }
    expect(() => create({ Level: 'much' }, stream)).toThrow('Unsupported PatienceConfig parameter')
    expect(() => create({ KafkaLevel: 'much' })).toThrow('Unsupported PatienceConfig.KafkaLevel parameter')
  })

  it('is kept by an update that leaves it out, and cleared by an empty one', () => {
    const current = { source: 'sqs', parameters: create({ Level: 'much' }) } as const
    expect(validateUpdate({ BatchSize: 1 }, current, rules).parameters).toHaveProperty('PatienceConfig')
    expect(validateUpdate({ PatienceConfig: {} }, current, rules).parameters).not.toHaveProperty('PatienceConfig')
  })

  it('is echoed in the response', () => {
    const parameters = create({ Level: 'much' })
    const response = mappingResponse({
      uuid: 'one',
      origin: 'api',
      source: 'sqs',
      sourceName: queue.EventSourceArn,
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
      state: 'Enabled',
      stateTransitionReason: '',
      createdMs: 0,
      lastModifiedMs: 0,
      lastProcessingResult: '',
      tags: {},
      parameters,
    })
    expect(response).toHaveProperty('PatienceConfig.Level', 'much')
  })

  it('is a flag of the command line, with its help', () => {
    expect(readMappingArguments(['--patience-config', '{"Level":"much"}']).parameters).toEqual({
      PatienceConfig: { Level: 'much' },
    })
    expect(mappingFlagRows()).toContainEqual(['  --patience-config JSON', planted.doc])
  })

  it('is a key of the file', () => {
    const object = (PatienceConfig: unknown) => JSON.stringify({ mappings: [{ ...queue, PatienceConfig }] })
    const read = (given: unknown) => readSettings({ argv: [], env: {}, cwd: '/', object: object(given) }).mappings
    expect(read({ Level: 'much' })[0]?.parameters).toHaveProperty('PatienceConfig', { Level: 'much' })
    expect(() => read({ Level: 'none' })).toThrow(
      'mappings[0].PatienceConfig.Level must be one of little, much, not "none".',
    )
  })

  it('has its type', () => {
    interface Patience {
      readonly Level?: 'little' | 'much'
      readonly Seconds?: number
    }
    expectTypeOf<ShapeValue<typeof planted.shape>>().toEqualTypeOf<Patience>()
  })
})
