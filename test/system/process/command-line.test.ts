import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtFile, runMillrace } from './built-file.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-command-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function outcome(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const millrace = runMillrace(args, { cwd: folder, env })
  const code = await millrace.exited
  return { code, out: millrace.stdout(), err: millrace.stderr() }
}

it('the built file is executable and runs by itself', async () => {
  expect((await stat(builtFile)).mode & 0o111).toBe(0o111)
  const { stdout } = await promisify(execFile)(builtFile, ['--version'])
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

it('what is printed may be cut off by its reader, as head does', async () => {
  const child = spawn(process.execPath, [builtFile, 'start', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect([complaint, code]).toEqual(['', 0])
})

it.each([['--help'], ['help'], ['-h']])('millrace %s lists the commands and exits 0', async (word) => {
  const { code, out } = await outcome([word])
  expect(code).toBe(0)
  for (const command of ['start', 'dev', 'mappings', 'status', 'why', 'doctor'])
    expect(out).toContain(`millrace ${command}`)
})

it.each([['start'], ['dev'], ['mappings'], ['status'], ['why'], ['doctor']])(
  'millrace %s --help explains it and exits 0',
  async (command) => {
    const { code, out } = await outcome([command, '--help'])
    expect(code).toBe(0)
    expect(out).toContain(`Usage: millrace ${command}`)
  },
)

it('the help of start names every option with its variable', async () => {
  const { out } = await outcome(['start', '--help'])
  for (const word of ['--config', '--host', '--port', '--store', 'MILLRACE_PORT']) expect(out).toContain(word)
})

describe('what cannot be used exits 2, with the reason on stderr', () => {
  it.each([
    [[], 'millrace start'],
    [['strat'], 'strat'],
    [['start', '--prot', '1'], '--prot'],
    [['start', '--port', 'many'], 'port'],
    [['start', '--config', 'absent.yaml'], 'absent.yaml'],
    [['start', '--store', 'redis:'], 'redis:'],
    [['dev', '--feed'], '--feed'],
    [['dev', '--port', '70000'], '"70000"'],
    [['mappings'], 'millrace mappings: say list, get, create'],
    [['mappings', 'make'], 'millrace mappings make: say list, get, create'],
    [['mappings', 'get'], 'UUID'],
    [['mappings', 'create', '--function-name', 'f'], '--event-source-arn'],
    [['status', '--endpoint', 'here'], '--endpoint here'],
    [['why', 'orders', 'payments'], 'one name at a time'],
  ])('millrace %j', async (args, says) => {
    const { code, err } = await outcome(args)
    expect(err).toContain(says)
    expect(code).toBe(2)
  })

  it('a config file is refused with file, line and key', async () => {
    await writeFile(join(folder, 'wrong.yaml'), 'server:\n  host: 127.0.0.1\n  prot: 4570\n')
    const { code, err } = await outcome(['start', '--config', 'wrong.yaml'])
    expect(err).toMatch(/wrong\.yaml:3\b/)
    expect(err).toContain('prot')
    expect(code).toBe(2)
  })

  it('a value of the wrong type is refused with file, line and key', async () => {
    await writeFile(join(folder, 'typed.yaml'), 'maxInvocations: 5\nserver:\n  port: soon\n')
    const { code, err } = await outcome(['start', '--config', 'typed.yaml'])
    expect(err).toMatch(/typed\.yaml:3\b/)
    expect(err).toContain('port')
    expect(code).toBe(2)
  })

  it('a mapping that AWS would refuse is refused with file and line', async () => {
    const lines = ['mappings:', '  - EventSourceArn: arn:aws:sqs:us-east-1:000000000000:q', '    FunctionName: f']
    await writeFile(join(folder, 'mapping.yaml'), [...lines, '    BatchSize: 99999', ''].join('\n'))
    const { code, err } = await outcome(['start', '--config', 'mapping.yaml'])
    expect(err).toMatch(/mapping\.yaml:\d+/)
    expect(err).toContain('BatchSize')
    expect(code).toBe(2)
  })

  it('a filter pattern that no filter understands is refused with file and line', async () => {
    const lines = ['mappings:', '  - EventSourceArn: arn:aws:sqs:us-east-1:000000000000:q', '    FunctionName: f']
    const pattern = String.raw`    FilterCriteria: { Filters: [{ Pattern: '{"body": [{"numeric": ["about", 3]}]}' }] }`
    await writeFile(join(folder, 'pattern.yaml'), [...lines, pattern, ''].join('\n'))
    const { code, err } = await outcome(['start', '--config', 'pattern.yaml'])
    expect(err).toMatch(/pattern\.yaml:\d+/)
    expect(code).toBe(2)
  })

  it('a variable is refused by its name', async () => {
    const { code, err } = await outcome(['start'], { MILLRACE_PORT: 'many' })
    expect(err).toContain('MILLRACE_PORT')
    expect(code).toBe(2)
  })
})

it.each([['mappings', 'list'], ['status'], ['why'], ['why', 'orders']])(
  'millrace %s %s finds no Millrace: it says where it looked and what to do, and exits 1',
  async (...command) => {
    const { code, err, out } = await outcome(command, { MILLRACE_ENDPOINT: 'http://127.0.0.1:9' })
    expect(err).toContain('No Millrace answers at http://127.0.0.1:9 ')
    expect(err).toContain('--endpoint')
    expect(out).toBe('')
    expect(code).toBe(1)
  },
)

it('a store that cannot be written is a failure, not a crash', async () => {
  await writeFile(join(folder, 'a-file'), '')
  const { code, err, out } = await outcome(['start', '--port', '0', '--store', 'sqlite:./a-file/millrace.db'])
  expect(err + out).toContain('a-file')
  expect(err).not.toContain('    at ')
  expect(code).toBe(1)
})
