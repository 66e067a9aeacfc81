import { parseArgs, type ParseArgsConfig } from 'node:util'
import { endpointVariable } from '../config/variables.ts'
import { UsageError } from './exit-code.ts'
import { proofHelp, proofOf } from './proof.ts'
import { restClient, type RestClient } from './rest-client.ts'

const defaultEndpoint = 'http://127.0.0.1:4570'

export const endpointHelp = `  --endpoint URL   the Millrace to talk to (${endpointVariable}; default ${defaultEndpoint})\n${proofHelp}`

type Options = NonNullable<ParseArgsConfig['options']>

/** Reads the arguments of a command that talks to a running Millrace; what it does not know is refused. */
export function readArguments<const O extends Options>(argv: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

export function clientFor(endpoint: string | undefined, env: Readonly<Record<string, string | undefined>>): RestClient {
  const url = endpoint ?? env[endpointVariable] ?? defaultEndpoint
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`--endpoint ${url}: not a URL; give one such as ${defaultEndpoint}`)
  }
  return restClient(url, proofOf(env))
}

/** The one positional argument that a command needs. */
export function onlyPositional(positionals: readonly string[], what: string): string {
  const [value, ...more] = positionals
  if (value === undefined) throw new UsageError(`${what} is missing`)
  if (more.length > 0) throw new UsageError(`one ${what}, not ${positionals.length}: ${more.join(' ')} is too much`)
  return value
}
