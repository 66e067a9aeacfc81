import { serviceOptions, type ServiceOption } from '../model/service-options.ts'
import type { ServiceSettings } from '../model/settings.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Variables whose whole value is a secret. */
const awsVariables = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'] as const
const secretOptions = Object.values<ServiceOption>(serviceOptions).filter((option) => option.secret)

/** What nobody may read in an output of this process: what opens its own API, and what opens other doors to it. */
export function secretsOf(settings: ServiceSettings, env: Environment): readonly string[] {
  const urls = [
    settings.aws.endpoint,
    ...Object.values(settings.aws.endpoints),
    ...settings.functions.flatMap((one) => one.urls),
    ...Object.values(env).filter((value) => value?.includes('://')),
  ]
  return [
    ...ofAuth(settings.server.auth),
    ...awsVariables.flatMap((name) => env[name] ?? []),
    ...secretOptions.flatMap((option) => [env[option.env] ?? [], textAt(settings, option.key) ?? []].flat()),
    ...urls.flatMap((url) => (url === undefined ? [] : passwordsOf(url))),
  ]
}

/** What stands in the settings under a key of the file. What became of tokens and key pairs is in `auth`. */
function textAt(settings: ServiceSettings, key: string | null): string | undefined {
  let level: unknown = settings
  for (const name of key?.split('.') ?? []) {
    if (typeof level !== 'object' || level === null) return undefined
    level = Object.entries(level).find(([member]) => member === name)?.[1]
  }
  return typeof level === 'string' ? level : undefined
}

function ofAuth(auth: ServiceSettings['server']['auth']): readonly string[] {
  switch (auth.kind) {
    case 'none':
      return []
    case 'token':
      return [auth.token]
    case 'sigv4':
      return [auth.token ?? [], auth.keys.flatMap((key) => [key.secretAccessKey, key.sessionToken ?? []])].flat(2)
    default:
      return auth satisfies never
  }
}

/** As it stands in the URL, as it is meant, and as the header has it. */
function passwordsOf(text: string): readonly string[] {
  if (!URL.canParse(text)) return []
  const { password, username } = new URL(text)
  if (password === '') return []
  const [user, plain] = [decodeURIComponent(username), decodeURIComponent(password)]
  return [password, plain, Buffer.from(`${user}:${plain}`).toString('base64')]
}
