import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { embeddedSettings } from '../../../src/config/embedded-settings.ts'
import { describeOptions } from '../../../src/config/option-help.ts'
import { readSettings } from '../../../src/config/settings-reader.ts'
import { secretsOf } from '../../../src/observe/secrets-of.ts'
import type { Given, SettingsOf } from '../../../src/model/option-types.ts'
import { unknownVariables } from '../../../src/config/variables.ts'

// The mock of the table is made before anything else here.
const planted = vi.hoisted(
  () =>
    ({
      patience: {
        key: 'server.patience.level',
        flag: '--patience',
        env: 'MILLRACE_PATIENCE',
        type: 'choice',
        values: ['little', 'much'],
        default: 'little',
        commands: ['start'],
        doc: 'How long to wait for what never comes.',
      },
      patienceMs: {
        key: 'patienceMs',
        flag: '--patience-ms',
        env: 'MILLRACE_PATIENCE_MS',
        type: 'integer',
        min: 1,
        max: 9,
        unit: 'ms',
        placeholder: 'N',
        commands: ['start'],
        doc: 'The same in numbers.',
      },
      patienceToken: {
        key: 'server.patience.token',
        flag: null,
        env: 'MILLRACE_PATIENCE_TOKEN',
        type: 'text',
        secret: true,
        commands: ['start'],
        doc: 'Who has it need not wait.',
      },
    }) as const,
)

vi.mock('../../../src/model/service-options.ts', async (original) => {
  const module = await original<typeof import('../../../src/model/service-options.ts')>()
  return { ...module, serviceOptions: { ...module.serviceOptions, ...planted } }
})

const read = (more: { object?: string; env?: Record<string, string>; argv?: string[] } = {}) =>
  readSettings({ argv: [], env: {}, cwd: '/', configPaths: [], object: '{}', ...more })

describe('an option that has its row in the table, and nothing else', () => {
  it('is read from the file, from variables and from flags', () => {
    expect(read()).toMatchObject({ server: { host: '127.0.0.1', patience: { level: 'little' } } })
    expect(read()).not.toHaveProperty('patienceMs')
    const object = '{"patienceMs": 2, "server": {"patience": {"level": "much"}}}'
    expect(read({ object })).toMatchObject({ patienceMs: 2, server: { patience: { level: 'much' } } })
    expect(read({ object, env: { MILLRACE_PATIENCE_MS: '3' } })).toMatchObject({ patienceMs: 3 })
    expect(read({ env: { MILLRACE_PATIENCE_MS: '3' }, argv: ['--patience-ms', '4'] })).toMatchObject({ patienceMs: 4 })
    expect(unknownVariables({ MILLRACE_PATIENCE_MS: '3' })).toEqual([])
  })

  it('is read from the object of those who start Millrace in their own process', () => {
    const given: object = { patienceMs: 2, server: { patience: { level: 'much' } } }
    expect(embeddedSettings(given, {}, () => true)).toMatchObject({
      patienceMs: 2,
      server: { patience: { level: 'much' } },
    })
  })

  it('is refused where it cannot be used, and suggested where it was meant', () => {
    expect(() => read({ object: '{"patienceMs": 10}' })).toThrow('patienceMs must be a whole number from 1 to 9')
    expect(() => read({ object: '{"patienceM": 1}' })).toThrow('Did you mean patienceMs?')
    expect(() => read({ argv: ['--patience=none'] })).toThrow('--patience must be one of little, much, not "none".')
  })

  it('is kept out of every output where it is a secret', () => {
    const env = { MILLRACE_PATIENCE_TOKEN: 'of-the-variable' }
    expect(secretsOf(read({ env }), env)).toContain('of-the-variable')
    expect(secretsOf(read({ object: '{"server": {"patience": {"token": "of-the-file"}}}' }), {})).toEqual([
      'of-the-file',
    ])
  })

  it('is in the help of its command alone', () => {
    expect(describeOptions('start')).toContain(
      [
        '  --patience little|much',
        '      How long to wait for what never comes. [MILLRACE_PATIENCE, server.patience.level; default',
        '      little]',
        '  --patience-ms N',
        '      The same in numbers. [MILLRACE_PATIENCE_MS, patienceMs; 1 to 9 ms]',
      ].join('\n'),
    )
    expect(describeOptions('dev')).not.toContain('--patience')
  })

  it('has its types', () => {
    interface Settings {
      readonly server: { readonly patience: { readonly level: 'little' | 'much'; readonly token?: string } }
      readonly patienceMs?: number
    }
    interface MayBeGiven {
      readonly server?: { readonly patience?: { readonly level?: 'little' | 'much'; readonly token?: string } }
      readonly patienceMs?: number
    }
    expectTypeOf<SettingsOf<typeof planted>>().toEqualTypeOf<Settings>()
    expectTypeOf<Given<SettingsOf<typeof planted>>>().toEqualTypeOf<MayBeGiven>()
  })
})
