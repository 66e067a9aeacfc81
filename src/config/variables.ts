import { serviceOptions, type ServiceOptionName } from '../model/service-options.ts'
import { optionEntries, type GivenText } from './flags.ts'
import { suggestion } from './suggestion.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The `MILLRACE_*` variables. An empty one counts as unset: compose files pass `${NAME:-}` on. */
export function readVariables(env: Environment): ReadonlyMap<ServiceOptionName, GivenText> {
  const given = new Map<ServiceOptionName, GivenText>()
  for (const [name, option] of optionEntries) {
    const text = env[option.env]
    if (text !== undefined && text !== '') given.set(name, { text, where: option.env })
  }
  return given
}

/** Where the commands that talk to a running Millrace find it. To a service it says nothing, and it is no mistake there. */
export const endpointVariable = 'MILLRACE_ENDPOINT'

/** A sentence for each variable of ours that means nothing; another program may have set it, so it stops no start. */
export function unknownVariables(env: Environment): readonly string[] {
  const known: readonly string[] = [...Object.values(serviceOptions).map((option) => option.env), endpointVariable]
  return Object.keys(env)
    .filter((name) => name.startsWith('MILLRACE_') && !known.includes(name))
    .map((name) => `The variable ${name} is not known and does nothing.${suggestion(name, known, 'MILLRACE_')}`)
}
