import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { proofOf } from '../../../src/cli/proof.ts'
import { restClient } from '../../../src/cli/rest-client.ts'
import type { AuthSettings } from '../../../src/model/settings.ts'
import { start } from '../../support/api-over-http.ts'

const token = 'a-token-of-the-test'
const key = { name: 'ci', accessKeyId: 'AKIDCI', secretAccessKey: 'its/secret+', sessionToken: undefined }
const lent = { name: 'lent', accessKeyId: 'ASIALENT', secretAccessKey: 'another', sessionToken: 'its/token==' }
/** The clock of the API's world. */
const wallMs = () => Date.UTC(2026, 10, 21)

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-proof-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** What the commands get from a Millrace that wants to know who they are. */
async function asked(auth: AuthSettings, env: Record<string, string>): Promise<string> {
  const { endpoint } = await start({ deps: { server: { host: '127.0.0.1', port: 0, allowedHosts: [], auth } } })
  const client = restClient(endpoint, proofOf(env, wallMs))
  try {
    await client.get('/2015-03-31/event-source-mappings?MaxItems=3&FunctionName=a%3Ab')
    await client.send('POST', '/2015-03-31/event-source-mappings', {
      EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders',
      FunctionName: 'orders',
    })
    return 'let in'
  } catch (error) {
    return (error as Error).message.split(':', 1)[0] ?? ''
  }
}

describe('a command says who it is', () => {
  const byToken: AuthSettings = { kind: 'token', token }
  const byKey: AuthSettings = { kind: 'sigv4', keys: [key, lent], token: undefined }

  it('by the token of the variable or its file', async () => {
    expect(await asked(byToken, { MILLRACE_TOKEN: token })).toBe('let in')
    expect(await asked(byToken, { MILLRACE_TOKEN_FILE: file('token', `${token}\n`) })).toBe('let in')
    expect(await asked(byToken, { MILLRACE_TOKEN: `${token}x` })).toBe('UnrecognizedClientException')
    expect(await asked(byToken, {})).toBe('MissingAuthenticationTokenException')
  })

  it('by a signature with the first of its keys', async () => {
    expect(await asked(byKey, { MILLRACE_KEYS: 'AKIDCI:its/secret+' })).toBe('let in')
    const credentials = `[lent]\naws_access_key_id=ASIALENT\naws_secret_access_key=another\naws_session_token=its/token==\n`
    expect(await asked(byKey, { MILLRACE_KEYS_FILE: file('keys', credentials) })).toBe('let in')
    expect(await asked(byKey, { MILLRACE_KEYS: 'AKIDCI:a-guess' })).toBe('UnrecognizedClientException')
    expect(await asked(byKey, {})).toBe('MissingAuthenticationTokenException')
  })

  it('by the credentials of AWS where it has nothing else', async () => {
    const aws = { AWS_ACCESS_KEY_ID: 'ASIALENT', AWS_SECRET_ACCESS_KEY: 'another', AWS_SESSION_TOKEN: 'its/token==' }
    expect(await asked(byKey, aws)).toBe('let in')
    expect(await asked(byKey, { ...aws, AWS_REGION: 'eu-west-1' })).toBe('InvalidSignatureException')
    expect(await asked({ kind: 'none' }, aws)).toBe('let in')
  })

  it('and refuses files that it cannot use before it asks anybody', () => {
    expect(() => proofOf({ MILLRACE_TOKEN_FILE: join(folder, 'nowhere') })).toThrow('server.tokenFile')
    expect(() => proofOf({ MILLRACE_KEYS: 'half' })).toThrow('must be ACCESS_KEY_ID:SECRET_ACCESS_KEY')
  })
})
