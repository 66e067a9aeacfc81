import { createSigner } from '../auth/signature.ts'
import { readKeys, readToken } from '../config/auth-settings.ts'
import { ConfigError } from '../config/config-error.ts'
import type { AccessKey } from '../model/access-key.ts'
import { UsageError } from './exit-code.ts'

/** The headers by which a command says who it is: none, a bearer token, or a signature as an AWS client makes it. */
export type Proof = (request: ProvableRequest) => Readonly<Record<string, string>>

export interface ProvableRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Environment = Readonly<Record<string, string | undefined>>

export const proofHelp =
  '  MILLRACE_TOKEN, MILLRACE_TOKEN_FILE, MILLRACE_KEYS or MILLRACE_KEYS_FILE say who is calling, where server.auth wants to know;\n' +
  '  without them AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, where they are set'

/** The same variables that tell the service whom to let in. */
export function proofOf(env: Environment, wallMs: () => number = Date.now): Proof {
  const given = secretsOf(env)
  if (given.token !== undefined) {
    const { token } = given
    return ({ headers }) => ({ ...headers, authorization: `Bearer ${token}` })
  }
  const key = given.keys[0] ?? awsKeyOf(env)
  if (key === undefined) return ({ headers }) => headers
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1'
  const signer = createSigner({ service: 'lambda', region })
  return ({ body, headers, method, url }) => {
    const unsigned = { method, path: url.pathname + url.search, headers: { ...headers, host: url.host }, body }
    const { host: _, ...signed } = signer.sign(unsigned, key, wallMs())
    return signed
  }
}

function secretsOf(env: Environment): { readonly token: string | undefined; readonly keys: readonly AccessKey[] } {
  const text = (name: string) => env[name] || undefined
  try {
    const token = readToken({ token: text('MILLRACE_TOKEN'), tokenFile: text('MILLRACE_TOKEN_FILE') }, '.')
    return { token, keys: readKeys({ keys: text('MILLRACE_KEYS'), keysFile: text('MILLRACE_KEYS_FILE') }, '.') }
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message)
    throw error
  }
}

function awsKeyOf(env: Environment): AccessKey | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env
  if (!accessKeyId || !secretAccessKey) return undefined
  return { name: accessKeyId, accessKeyId, secretAccessKey, sessionToken: AWS_SESSION_TOKEN || undefined }
}
