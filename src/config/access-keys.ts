import type { AccessKey } from '../model/access-key.ts'
import { ConfigError } from './config-error.ts'

/** `ID:SECRET` or `ID:SECRET:SESSION_TOKEN`, several of them between commas or spaces. No refusal repeats a secret. */
export function parseKeyList(text: string, where: string): readonly AccessKey[] {
  const keys = text.split(/[\s,]+/).filter((word) => word !== '')
  return unique(
    keys.map((word, index) => {
      const [accessKeyId, secretAccessKey, sessionToken, ...more] = word.split(':')
      if (!accessKeyId || !secretAccessKey || more.length > 0)
        throw new ConfigError(
          `${where} must be ACCESS_KEY_ID:SECRET_ACCESS_KEY, several between commas; number ${index + 1} is not.`,
        )
      return { name: accessKeyId, accessKeyId, secretAccessKey, sessionToken }
    }),
    where,
  )
}

const sectionLine = /^\[\s*(?:profile\s+)?([^\]]+?)\s*\]$/
const memberLine = /^([a-z_]+)\s*=\s*(\S*)$/

/** A file of AWS credentials, whose profiles name the key pairs: what `aws configure` writes and clients read. */
export function parseKeysFile(text: string, file: string): readonly AccessKey[] {
  const profiles = new Map<string, Map<string, string>>()
  let profile: Map<string, string> | undefined
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const [, name] = sectionLine.exec(line) ?? []
    const [, member, value] = memberLine.exec(line) ?? []
    if (name !== undefined) {
      profile = new Map<string, string>()
      profiles.set(name, profile)
    } else if (member !== undefined && profile !== undefined) profile.set(member, value ?? '')
    else throw new ConfigError(`${file}:${index + 1}: neither [PROFILE] nor a member of one, as in ~/.aws/credentials.`)
  }
  return unique(
    [...profiles].map(([name, members]) => keyOf(name, members, file)),
    file,
  )
}

function keyOf(name: string, members: ReadonlyMap<string, string>, file: string): AccessKey {
  const accessKeyId = members.get('aws_access_key_id')
  const secretAccessKey = members.get('aws_secret_access_key')
  if (!accessKeyId || !secretAccessKey)
    throw new ConfigError(`${file}: profile ${name} needs aws_access_key_id and aws_secret_access_key.`)
  return { name, accessKeyId, secretAccessKey, sessionToken: members.get('aws_session_token') || undefined }
}

function unique(keys: readonly AccessKey[], where: string): readonly AccessKey[] {
  const twice = keys.find((key, index) => keys.findIndex((one) => one.accessKeyId === key.accessKeyId) < index)
  if (twice !== undefined) throw new ConfigError(`${where}: the access key ${twice.accessKeyId} stands there twice.`)
  return keys
}
