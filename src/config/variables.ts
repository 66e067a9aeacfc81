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

/** A sentence for each variable of ours that means nothing; another program may have set it, so it stops no start. */
export function unknownVariables(env: Environment): readonly string[] {
  const known = Object.values(serviceOptions).map((option) => option.env)
  return Object.keys(env)
    .filter((name) => name.startsWith('MILLRACE_') && !known.some((one) => one === name))
    .map((name) => `The variable ${name} is not known and does nothing.${suggestion(name, known, 'MILLRACE_')}`)
}
