import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AccessKey } from '../model/access-key.ts'
import type { authOptions } from '../model/server-options.ts'
import type { AuthSettings } from '../model/settings.ts'
import { parseKeyList, parseKeysFile } from './access-keys.ts'
import { ConfigError } from './config-error.ts'
import type { OptionValues } from './option-value.ts'

/** What was given about who may use the API. Texts of secrets win over files of them. */
export type AuthOptions = Pick<OptionValues, keyof typeof authOptions>

/** A token or keys that are given are meant: without `auth` they say which kind it is. */
export function readAuth(options: AuthOptions, cwd: string): AuthSettings {
  const token = readToken(options, cwd)
  const keys = readKeys(options, cwd)
  const kind = options.auth ?? (keys.length > 0 ? 'sigv4' : token === undefined ? 'none' : 'token')
  switch (kind) {
    case 'none':
      if (token === undefined && keys.length === 0) return { kind }
      throw new ConfigError('server.auth is none, and a token or keys are given. Take one of the two away.')
    case 'token':
      if (token !== undefined) return { kind, token }
      throw new ConfigError(
        'server.auth: token needs a token. Set MILLRACE_TOKEN, or name a file with server.tokenFile.',
      )
    case 'sigv4':
      if (keys.length > 0) return { kind, keys, token }
      throw new ConfigError(
        'server.auth: sigv4 needs key pairs. Set MILLRACE_KEYS, or name a file with server.keysFile.',
      )
    default:
      return kind satisfies never
  }
}

/** A shorter token is found by trying. */
const tokenLengthMin = 8

export function readToken(
  { token, tokenFile }: Pick<AuthOptions, 'token' | 'tokenFile'>,
  cwd: string,
): string | undefined {
  const [read, where] =
    token !== undefined
      ? [token, 'server.token (MILLRACE_TOKEN)']
      : [fileText(tokenFile, cwd, 'server.tokenFile')?.trim(), tokenFile]
  if (read === undefined) return undefined
  if (read.length < tokenLengthMin) throw new ConfigError(`${where} has fewer than ${tokenLengthMin} characters.`)
  if (/^[\x21-\x7e]+$/.test(read)) return read
  throw new ConfigError(`${where} must be one word of printable ASCII characters: it goes into a header.`)
}

export function readKeys(
  { keys, keysFile }: Pick<AuthOptions, 'keys' | 'keysFile'>,
  cwd: string,
): readonly AccessKey[] {
  if (keys !== undefined) return parseKeyList(keys, 'server.keys (MILLRACE_KEYS)')
  const text = fileText(keysFile, cwd, 'server.keysFile')
  if (text === undefined || keysFile === undefined) return []
  const read = parseKeysFile(text, keysFile)
  if (read.length === 0) throw new ConfigError(`${keysFile} holds no key pair.`)
  return read
}

function fileText(file: string | undefined, cwd: string, option: string): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(resolve(cwd, file), 'utf8')
  } catch (error) {
    throw new ConfigError(
      `${option}: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
