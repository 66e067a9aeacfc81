import type { Given, SettingsOf } from '../model/option-types.ts'
import type { serviceOptions } from '../model/service-options.ts'
import type { ServiceSettings } from '../model/settings.ts'
import type { SourceKind } from '../model/source.ts'
import { ConfigError } from './config-error.ts'
import { readSettings } from './settings-reader.ts'

/**
 * The config file as an object, for those who start Millrace in their own process: the same keys, read as strictly. The store is
 * `memory:`, the port any free one and the log quiet unless it says otherwise.
 */
export type EmbeddedOptions = Given<SettingsOf<typeof serviceOptions>> & {
  /** Short for `server.host` and `server.port`. */
  readonly host?: string
  readonly port?: number
  readonly functions?: Readonly<Record<string, object>>
  readonly mappings?: readonly object[]
}

/** Throws `ConfigError` with every option that cannot be used. `MILLRACE_*` variables mean nothing here, nor do `${…}` in texts. */
export function embeddedSettings(
  { host, port, server, ...file }: EmbeddedOptions,
  env: Readonly<Record<string, string | undefined>>,
  checkPattern: (source: SourceKind, pattern: string) => boolean,
): ServiceSettings {
  const short = { ...(host !== undefined && { host }), ...(port !== undefined && { port }) }
  const place = { ...server, ...short }
  const object = JSON.stringify({ ...file, ...(Object.keys(place).length > 0 && { server: place }) })
  const aws = Object.entries(env).filter(([name]) => !name.startsWith('MILLRACE_'))
  try {
    return readSettings({
      argv: [],
      env: Object.fromEntries(aws),
      cwd: process.cwd(),
      defaults: { store: 'memory:', port: 0, logLevel: 'warn' },
      checkPattern,
      object,
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(error.mistakes.map((mistake) => asGiven(mistake, Object.keys(short))))
  }
}

/** An option that was given in its short form is called by it. */
function asGiven(mistake: string, short: readonly string[]): string {
  const name = short.find((one) => mistake.startsWith(`server.${one} `))
  return name === undefined ? mistake : mistake.slice('server.'.length)
}
