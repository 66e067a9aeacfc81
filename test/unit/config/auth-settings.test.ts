import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { readSettings } from '../../../src/config/settings-reader.ts'

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-auth-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text)
const read = (env: Record<string, string> = {}, argv: readonly string[] = []) =>
  readSettings({ argv, env, cwd, configPaths: ['millrace.yaml'] }).server

function refusal(env: Record<string, string> = {}, argv: readonly string[] = []): string {
  try {
    read(env, argv)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

const pair = { name: 'AKIDCI', accessKeyId: 'AKIDCI', secretAccessKey: 's3cr3t/+', sessionToken: undefined }

describe('who may use the API', () => {
  it('is anybody as long as nothing says otherwise', () => {
    expect(read().auth).toEqual({ kind: 'none' })
  })

  it('is whoever has the token, from the variable or a file', () => {
    expect(read({ MILLRACE_TOKEN: 'of-the-variable' }).auth).toEqual({ kind: 'token', token: 'of-the-variable' })
    write('token', 'of-the-file\n')
    expect(read({}, ['--token-file', 'token']).auth).toEqual({ kind: 'token', token: 'of-the-file' })
    write('millrace.yaml', 'server: { auth: token, tokenFile: token }')
    expect(read().auth).toEqual({ kind: 'token', token: 'of-the-file' })
    expect(read({ MILLRACE_TOKEN: 'of-the-variable' }).auth).toEqual({ kind: 'token', token: 'of-the-variable' })
  })

  it('is whoever has one of the keys, with a token for those that cannot sign', () => {
    expect(read({ MILLRACE_KEYS: 'AKIDCI:s3cr3t/+' }).auth).toEqual({ kind: 'sigv4', keys: [pair], token: undefined })
    const lent = { name: 'ASIA', accessKeyId: 'ASIA', secretAccessKey: 'b', sessionToken: 't==' }
    const both = read({ MILLRACE_KEYS: 'AKIDCI:s3cr3t/+, ASIA:b:t==', MILLRACE_TOKEN: 'for-prometheus' }).auth
    expect(both).toEqual({ kind: 'sigv4', keys: [pair, lent], token: 'for-prometheus' })
  })

  it('is told by a file of AWS credentials, whose profiles are their names', () => {
    write(
      'keys',
      '# clients\n[ci]\naws_access_key_id = AKIDCI\naws_secret_access_key=s3cr3t/+\n\n[profile lent]\n' +
        'aws_access_key_id = ASIA\naws_secret_access_key = b\naws_session_token = t==\nregion = eu-west-1\n',
    )
    expect(read({ MILLRACE_KEYS_FILE: 'keys' }).auth).toEqual({
      kind: 'sigv4',
      keys: [
        { ...pair, name: 'ci' },
        { name: 'lent', accessKeyId: 'ASIA', secretAccessKey: 'b', sessionToken: 't==' },
      ],
      token: undefined,
    })
  })

  it.each<[string, Record<string, string>, string[]]>([
    ['server.auth: token needs a token.', { MILLRACE_AUTH: 'token' }, []],
    ['server.auth: sigv4 needs key pairs.', { MILLRACE_AUTH: 'sigv4' }, []],
    ['server.auth: token needs a token.', { MILLRACE_AUTH: 'token', MILLRACE_KEYS: 'A:B' }, []],
    ['server.auth is none, and a token or keys are given.', { MILLRACE_TOKEN: 'long-enough' }, ['--auth', 'none']],
    ['server.token (MILLRACE_TOKEN) has fewer than 8 characters.', { MILLRACE_TOKEN: 'short' }, []],
    ['server.token (MILLRACE_TOKEN) must be one word of printable ASCII', { MILLRACE_TOKEN: 'two words of it' }, []],
    ['server.tokenFile: nowhere cannot be read: ', {}, ['--token-file', 'nowhere']],
    ['server.keysFile: nowhere cannot be read: ', {}, ['--keys-file', 'nowhere']],
    ['millrace start has no option --token.', {}, ['--token', 'hunter2hunter2']],
    ['millrace start has no option --keys.', {}, ['--keys', 'A:B']],
    ['MILLRACE_AUTH must be one of none, token, sigv4, not "basic".', { MILLRACE_AUTH: 'basic' }, []],
  ])('refuses: %s', (text, env, argv) => {
    expect(refusal(env, argv)).toContain(text)
  })

  it('never repeats a secret that it cannot use', () => {
    const secret = 'hunter2hunter2'
    write('broken', `[a]\naws_access_key_id = AKID\n${secret} ${secret}\n`)
    write('half', `[a]\naws_secret_access_key = ${secret}\n`)
    const refusals = [
      refusal({ MILLRACE_KEYS: secret }),
      refusal({ MILLRACE_KEYS: `AKID:${secret}:a:b` }),
      refusal({ MILLRACE_KEYS: `AKID:${secret},AKID:${secret}2` }),
      refusal({ MILLRACE_TOKEN: `${secret} ` + secret }),
      refusal({}, ['--keys-file', 'broken']),
      refusal({}, ['--keys-file', 'half']),
    ]
    write('millrace.yaml', `server: { token: 123456789 }`)
    refusals.push(refusal())
    write('millrace.yaml', `server: { keys: [${secret}] }`)
    refusals.push(refusal())
    expect(refusals.filter((text) => text.includes(secret) || text.includes('123456789'))).toEqual([])
    expect(refusals[4]).toContain('broken:3: neither [PROFILE] nor a member of one')
    expect(refusals[5]).toContain('half: profile a needs aws_access_key_id and aws_secret_access_key.')
  })
})

describe('the names that clients may use', () => {
  it('are a list of the file, or a text between commas', () => {
    expect(read().allowedHosts).toBeUndefined()
    expect(read({ MILLRACE_ALLOWED_HOSTS: 'a.example.com, *.b.example.com,' }).allowedHosts).toEqual([
      'a.example.com',
      '*.b.example.com',
    ])
    write('millrace.yaml', 'server:\n  allowedHosts: [a.example.com, b.example.com]')
    expect(read().allowedHosts).toEqual(['a.example.com', 'b.example.com'])
    expect(read({}, ['--allowed-hosts=c.example.com']).allowedHosts).toEqual(['c.example.com'])
    write('millrace.yaml', 'server:\n  allowedHosts: { a: b }')
    expect(refusal()).toBe('millrace.yaml:2: server.allowedHosts must be a list of texts, not a map.')
  })
})
