import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { optionEntries } from '../../../src/config/flags.ts'
import { readSettings, type SettingsInput } from '../../../src/config/settings-reader.ts'
import { authOptions } from '../../../src/model/server-options.ts'
import type { ServiceOption } from '../../../src/model/service-options.ts'
import type { ServiceSettings } from '../../../src/model/settings.ts'

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-config-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const read = (input: Partial<SettingsInput> = {}) =>
  readSettings({ argv: [], env: {}, cwd, configPaths: ['millrace.yaml', 'etc.yaml'], ...input })
const write = (text: string, name = 'millrace.yaml') => writeFileSync(join(cwd, name), text)

/** What the text of the refusal is; fails where there is none. */
function refusal(input: Partial<SettingsInput> = {}): string {
  try {
    read(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

/** These have tests of their own: one is meaningless without the others (auth-settings.test.ts). */
const readTogether: readonly string[] = ['config', ...Object.keys(authOptions)]

const options = optionEntries.filter(([name]) => !readTogether.includes(name))

/** Two values that an option takes, as a flag gives them. */
function textsOf({ type, values = [], min = 0, max = 0 }: ServiceOption): readonly [string, string] {
  switch (type) {
    case 'choice':
      return [values[0] ?? '', values.at(-1) ?? '']
    case 'integer':
    case 'number':
      return [String(min), String(max)]
    case 'boolean':
      return ['true', 'false']
    case 'text':
      return ['one', '/two.pem']
    case 'texts':
      return ['one', 'two,three']
    case 'url':
      return ['http://localhost:4566', 'https://x']
    case 'store':
      return ['memory:', 'sqlite:/data/a.db']
    case 'account':
      return ['123456789012', '000000000001']
    default:
      return type satisfies never
  }
}

/** What stands under a key of the file, in the settings that were read. */
function at(settings: object, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((level, name) => Object.entries(level ?? {}).find(([member]) => member === name)?.[1], settings)
}

/** A file with one key, and the line on which it then stands. */
function fileWith(key: string, value: string): { text: string; line: number } {
  const parts = key.split('.')
  const lines = parts.map(
    (part, depth) => `${'  '.repeat(depth)}${part}:${depth === parts.length - 1 ? ` ${value}` : ''}`,
  )
  return { text: `# one\n${lines.join('\n')}\n`, line: parts.length + 1 }
}

function typed(type: ServiceOption['type'], text: string): unknown {
  if (type === 'texts') return text.split(',')
  return type === 'integer' || type === 'boolean' ? (JSON.parse(text) as unknown) : text
}
const yaml = (type: ServiceOption['type'], text: string): string => JSON.stringify(typed(type, text))

describe('without anything given', () => {
  it.each(options)('the default of %s holds', (_name, { default: preset, key }) => {
    expect(at(read(), key ?? '')).toBe(preset)
  })

  it('nobody is asked who they are, and nothing is mapped', () => {
    expect(read()).toMatchObject({ server: { auth: { kind: 'none' } }, functions: [], mappings: [] })
  })

  it.each([
    '',
    '\n# all of it is commented out\n',
    '{}',
    'aws:\nserver:\nfunctions:\nmappings:\n',
    'aws: {endpoints: }',
  ])('the file %j changes nothing', (text) => {
    write(text)
    const defaults = readSettings({ argv: [], env: {}, cwd, configPaths: [] })
    expect(read()).toEqual(defaults)
  })

  it('the caller has defaults of its own, below everything else', () => {
    const defaults = read()
    const own = { store: 'memory:', port: 0 }
    expect(read({ defaults: own })).toEqual({ ...defaults, store: 'memory:', server: { ...defaults.server, port: 0 } })
    expect(read({ defaults: own, env: { MILLRACE_PORT: '1' } }).server.port).toBe(1)
  })
})

describe.each(options)('the option %s', (_name, option) => {
  const { env, flag, key, type } = option
  const [first, second] = textsOf(option)
  const fileKey = key ?? ''
  const pick = (settings: ServiceSettings) => at(settings, fileKey)

  it('is read from file, variable and flag, the later one winning', () => {
    const file = fileWith(fileKey, yaml(type, first)).text
    write(file)
    expect(pick(read())).toEqual(typed(type, first))
    expect(pick(read({ env: { [env]: second } }))).toEqual(typed(type, second))
    expect(pick(read({ env: { [env]: second }, argv: [`${flag}=${first}`] }))).toEqual(typed(type, first))
    write(fileWith(fileKey, yaml(type, second)).text)
    expect(pick(read({ argv: [`${flag}=${first}`] }))).toEqual(typed(type, first))
  })

  it('an empty variable counts as unset', () => {
    write(fileWith(fileKey, yaml(type, first)).text)
    expect(pick(read({ env: { [env]: '' } }))).toEqual(typed(type, first))
  })

  it.each([
    ['[1]', 'a list'],
    ['{ a: 1 }', 'a map'],
  ])('%s in the file is refused with file, line and key', (value, shown) => {
    const { text, line } = fileWith(fileKey, value)
    write(text)
    expect(refusal()).toMatch(
      new RegExp(`^millrace\\.yaml:${line}: ${fileKey.replaceAll('.', '\\.')} must be .*, not ${shown}\\.$`),
    )
  })

  it('no value in the file is refused with file, line and key', () => {
    const { text, line } = fileWith(fileKey, '')
    write(text)
    expect(refusal()).toMatch(
      new RegExp(`^millrace\\.yaml:${line}: ${fileKey.replaceAll('.', '\\.')} has no value\\. It must be `),
    )
  })

  it.skipIf(type === 'texts')(
    'a wrong value is refused wherever it is given, also where another layer overrides it',
    () => {
      const bad = type === 'text' ? '' : 'neither'
      const good = `${flag}=${first}`
      if (bad !== '') {
        expect(refusal({ env: { [env]: bad }, argv: [good] })).toMatch(
          new RegExp(`^${env} must be .*, not "neither"\\.$`),
        )
        expect(refusal({ argv: [`${flag}=${bad}`] })).toMatch(new RegExp(`^${flag} must be .*, not "neither"\\.$`))
      }
      const { text, line } = fileWith(fileKey, JSON.stringify(bad))
      write(text)
      expect(refusal({ argv: [good] })).toContain(`millrace.yaml:${line}: ${fileKey} must be `)
    },
  )
})

describe('a value of the wrong type is refused in words', () => {
  it.each([
    ['server: { port: "4570" }', 'server.port must be a whole number from 0 to 65535, not "4570".'],
    ['server: { port: 65536 }', 'server.port must be a whole number from 0 to 65535, not the number 65536.'],
    ['server: { port: -1 }', 'server.port must be a whole number from 0 to 65535, not the number -1.'],
    ['server: { port: 1.5 }', 'server.port must be a whole number from 0 to 65535, not the number 1.5.'],
    ['server: { port: .nan }', 'server.port must be a whole number from 0 to 65535, not the number .nan.'],
    ['server: { port: true }', 'server.port must be a whole number from 0 to 65535, not the boolean true.'],
    ['server: { host: 1 }', 'server.host must be a text, not the number 1. Put it in quotes: "1".'],
    ['server: 4570', 'server must be a map of keys, not the number 4570.'],
    ['server: [a]', 'server must be a map of keys, not a list.'],
    ['prune: yes', 'prune must be true or false, not "yes".'],
    ['adopt: true', 'adopt must be one of off, on, undo, not the boolean true. Put it in quotes: "true".'],
    ['scaling: fast', 'scaling must be one of eager, aws, aws-2022, not "fast".'],
    ['store: redis://x', 'store must be memory: or sqlite:PATH, not "redis://x".'],
    [
      'aws: { account: 000000000000 }',
      'aws.account must be a text of twelve digits, not the number 000000000000. Put it in quotes: "000000000000".',
    ],
    ['aws: { account: "123" }', 'aws.account must be a text of twelve digits, not "123".'],
    ['aws: { endpoint: "localhost:4566" }', 'aws.endpoint must be an http or https URL, not "localhost:4566".'],
    ['aws: { endpoints: { sqs: "ftp://x" } }', 'aws.endpoints.sqs must be an http or https URL, not "ftp://x".'],
    ['maxInvocations: 0', 'maxInvocations must be a whole number from 1 to 100000, not the number 0.'],
  ])('%s', (text, message) => {
    write(`\n${text}`)
    expect(refusal()).toBe(`millrace.yaml:2: ${message}`)
  })

  it.each([
    ['MILLRACE_PORT', ' 1', 'must be a whole number from 0 to 65535, not " 1".'],
    ['MILLRACE_PORT', '0x10', 'must be a whole number from 0 to 65535, not "0x10".'],
    ['MILLRACE_PORT', '1e3', 'must be a whole number from 0 to 65535, not "1e3".'],
    ['MILLRACE_PRUNE', 'yes', 'must be true or false, not "yes".'],
    ['MILLRACE_ADOPT', 'true', 'must be one of off, on, undo, not "true".'],
  ])('%s=%s', (name, value, message) => {
    expect(refusal({ env: { [name]: value } })).toBe(`${name} ${message}`)
  })

  it.each([
    ['1', true],
    ['TRUE', true],
    ['0', false],
    ['False', false],
  ])('MILLRACE_PRUNE=%s is %s', (value, expected) => {
    expect(read({ env: { MILLRACE_PRUNE: value } }).prune).toBe(expected)
  })
})

describe('an unknown key is refused with what was probably meant', () => {
  it.each([
    ['sevrer: {}', 'unknown key sevrer. Did you mean server?'],
    ['port: 1', 'unknown key port. Did you mean server.port?'],
    ['region: x', 'unknown key region. Did you mean aws.region?'],
    ['server: { prot: 1 }', 'unknown key server.prot. Did you mean server.port?'],
    [
      'aws: { endpoints: { dynamo_db: "http://x" } }',
      'unknown key aws.endpoints.dynamo_db. Did you mean aws.endpoints.dynamodb?',
    ],
    ['Mappings: []', 'unknown key Mappings. Did you mean mappings?'],
    [
      'server: { color: 1 }',
      'unknown key server.color. Known here: host, port, allowedHosts, auth, token, tokenFile, keys, keysFile.',
    ],
  ])('%s', (text, message) => {
    write(`# head\n\n${text}`)
    expect(refusal()).toBe(`millrace.yaml:3: ${message}`)
  })

  it('at the top, where nothing is like it, with all that is known', () => {
    const top = optionEntries.flatMap(([, { key }]) => key?.split('.', 1) ?? [])
    write('config: x')
    const known = [...new Set([...top, 'functions', 'mappings'])].join(', ')
    expect(refusal()).toBe(`millrace.yaml:1: unknown key config. Known here: ${known}.`)
  })

  it('a document that is no map is refused', () => {
    write('- a')
    expect(refusal()).toBe('millrace.yaml:1: the configuration must be a map of keys, not a list.')
  })
})

describe('flags', () => {
  it.each<[string[], Partial<ServiceSettings>]>([
    [['--store', 'memory:'], { store: 'memory:' }],
    [['--store=memory:', '--store=sqlite:b'], { store: 'sqlite:b' }],
    [['--prune'], { prune: true }],
    [['--prune', '--no-prune'], { prune: false }],
    [['--prune=false'], { prune: false }],
    [['--adopt'], { adopt: 'on' }],
    [['--adopt', '--prune'], { adopt: 'on', prune: true }],
    [['--adopt', 'undo'], { adopt: 'undo' }],
    [['--adopt=undo'], { adopt: 'undo' }],
  ])('%j', (argv, expected) => {
    expect(read({ argv })).toEqual({ ...read(), ...expected })
  })

  it.each([
    [['--prot=1'], 'millrace start has no option --prot. Did you mean --port?'],
    [['--nonsense'], 'millrace start has no option --nonsense.'],
    [['--port'], '--port needs a value.'],
    [['--port='], '--port needs a value.'],
    [['--port', ''], '--port needs a value.'],
    [['--port', '--prune'], '--port needs a value.'],
    [['--port', '-1'], '--port must be a whole number from 0 to 65535, not "-1".'],
    [['--no-prune=1'], '--no-prune takes no value.'],
    [['--no-port'], 'millrace start has no option --no-port. Did you mean --port?'],
    [['--adopt='], '--adopt needs a value.'],
    [['--adopt', 'maybe'], "millrace start takes no argument 'maybe'. Options begin with --."],
    [['extra'], "millrace start takes no argument 'extra'. Options begin with --."],
    [['-p', '1'], "millrace start takes no argument '-p'. Options begin with --."],
    [['--'], "millrace start takes no argument '--'. Options begin with --."],
  ])('%j is refused', (argv, message) => {
    expect(refusal({ argv })).toBe(message)
  })

  it('of another command are refused, and that command reads no file', () => {
    write('nonsense: 1')
    expect(read({ command: 'dev', argv: ['--port=0'], env: { MILLRACE_CONFIG: 'nonsense: 1' } }).server.port).toBe(0)
    expect(refusal({ command: 'dev', argv: ['--config', 'x'] })).toBe('millrace dev has no option --config.')
  })
})

it('a variable of ours that means nothing is told and stops nothing', () => {
  const told: string[] = []
  const env = {
    MILLRACE_PROT: '1',
    MILLRACE_STOER: 'x',
    MILLRACE_ELSEWHERE: '',
    MILLRACEX: '1',
    PORT: '1',
    MILLRACE_PORT: '7',
  }
  expect(read({ env, warn: (message) => void told.push(message) }).server.port).toBe(7)
  expect(told).toEqual([
    'The variable MILLRACE_PROT is not known and does nothing. Did you mean MILLRACE_PORT?',
    'The variable MILLRACE_STOER is not known and does nothing. Did you mean MILLRACE_STORE?',
    'The variable MILLRACE_ELSEWHERE is not known and does nothing.',
  ])
})

describe('the file', () => {
  it('is the one that is named, else ./millrace.yaml, else the one of the image', () => {
    write('store: sqlite:etc', 'etc.yaml')
    expect(read().store).toBe('sqlite:etc')
    write('store: sqlite:here')
    expect(read().store).toBe('sqlite:here')
    mkdirSync(join(cwd, 'conf'))
    write('store: sqlite:variable', 'conf/v.yaml')
    expect(read({ env: { MILLRACE_CONFIG: 'conf/v.yaml' } }).store).toBe('sqlite:variable')
    write('store: sqlite:flag', 'f.json')
    expect(read({ argv: ['--config', 'f.json'], env: { MILLRACE_CONFIG: 'conf/v.yaml' } }).store).toBe('sqlite:flag')
    expect(read({ argv: ['--config', join(cwd, 'f.json')] }).store).toBe('sqlite:flag')
  })

  it('may be JSON', () => {
    write('{\n\t"server": {\n\t\t"port": 1,\n\t\t"host": 2\n\t}\n}', 'c.json')
    expect(refusal({ argv: ['--config=c.json'] })).toBe(
      'c.json:4: server.host must be a text, not the number 2. Put it in quotes: "2".',
    )
    write('{"server":{"port":1}}', 'c.json')
    expect(read({ argv: ['--config=c.json'] }).server.port).toBe(1)
  })

  it.each([
    ['store: memory', 'memory:'],
    ['store: sqlite:x', 'sqlite:x'],
    ['{"store":"memory:"}', 'memory:'],
    ['\nstore: "memory:"\nserver:\n  port: 1\n', 'memory:'],
    ['{}', 'sqlite:./millrace.db'],
    ['# nothing yet\n', 'sqlite:./millrace.db'],
  ])('may stand in the variable itself: %j', (text, store) => {
    write('store: sqlite:not-read')
    expect(read({ env: { MILLRACE_CONFIG: text } }).store).toBe(store)
  })

  it('with a colon in its name is still a file', () => {
    write('store: "memory:"', 'a:b.yaml')
    expect(read({ env: { MILLRACE_CONFIG: 'a:b.yaml' } }).store).toBe('memory:')
    expect(refusal({ env: { MILLRACE_CONFIG: 'b:a.yaml' } })).toBe(
      'MILLRACE_CONFIG:1: the configuration must be a map of keys, not "b:a.yaml".',
    )
  })

  it('in the variable is called by the name of the variable', () => {
    expect(refusal({ env: { MILLRACE_CONFIG: 'store: memory\nport: 1' } })).toBe(
      'MILLRACE_CONFIG:2: unknown key port. Did you mean server.port?',
    )
  })

  it('that is named and cannot be read is refused', () => {
    expect(refusal({ argv: ['--config', 'no.yaml'] })).toBe('--config: the file no.yaml does not exist.')
    expect(refusal({ env: { MILLRACE_CONFIG: 'no.yaml' } })).toBe('MILLRACE_CONFIG: the file no.yaml does not exist.')
    expect(refusal({ argv: ['--config', '.'] })).toBe('--config: the file . is a directory.')
    write('', 'file')
    expect(refusal({ argv: ['--config', 'file/x'] })).toBe('--config: the file file/x cannot be read: ENOTDIR.')
  })
})
