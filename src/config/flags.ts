import {
  serviceOptions,
  type ServiceCommand,
  type ServiceOption,
  type ServiceOptionName,
} from '../model/service-options.ts'
import { ConfigError } from './config-error.ts'
import { suggestion } from './suggestion.ts'

/** A value that was given as text, and how a refusal calls the place. */
export interface GivenText {
  readonly text: string
  readonly where: string
}

export const optionEntries = Object.entries(serviceOptions) as readonly (readonly [ServiceOptionName, ServiceOption])[]

/** `--port 1`, `--port=1`, `--prune`, `--no-prune`. Of a flag that is given twice, the last one counts. */
export function readFlags(argv: readonly string[], command: ServiceCommand): ReadonlyMap<ServiceOptionName, GivenText> {
  const known = optionEntries.filter(([, option]) => option.commands.includes(command))
  const given = new Map<ServiceOptionName, GivenText>()
  for (let at = 0; at < argv.length;) {
    const word = argv[at] ?? ''
    if (!word.startsWith('--') || word === '--') {
      throw new ConfigError(`millrace ${command} takes no argument '${word}'. Options begin with --.`)
    }
    const flag = word.split('=', 1)[0] ?? word
    const inline = word.length > flag.length ? word.slice(flag.length + 1) : undefined
    const found = known.find(([, option]) => option.flag === flag || negated(option) === flag)
    if (!found) throw unknownFlag(flag, command, known)
    const [name, option] = found
    const { text, words } = readValue(option, { flag, inline, next: argv[at + 1] })
    given.set(name, { text, where: flag })
    at += words
  }
  return given
}

interface FlagWords {
  readonly flag: string
  readonly inline: string | undefined
  readonly next: string | undefined
}

function readValue(option: ServiceOption, { flag, inline, next }: FlagWords): { text: string; words: number } {
  const alone = flag === negated(option) ? 'false' : valueWithout(option, next)
  if (inline !== undefined && flag !== option.flag) throw new ConfigError(`${flag} takes no value.`)
  if (inline !== undefined && inline !== '') return { text: inline, words: 1 }
  if (inline === undefined && alone !== undefined) return { text: alone, words: 1 }
  if (inline === '' || next === undefined || next === '' || next.startsWith('--')) {
    throw new ConfigError(`${flag} needs a value.`)
  }
  return { text: next, words: 2 }
}

/** What the flag means by itself; undefined where the next word is its value. */
function valueWithout(option: ServiceOption, next: string | undefined): string | undefined {
  if (option.type === 'boolean') return 'true'
  return next !== undefined && option.values?.includes(next) ? undefined : option.bare
}

function negated(option: ServiceOption): string | undefined {
  return option.type === 'boolean' ? option.flag?.replace('--', '--no-') : undefined
}

function unknownFlag(
  flag: string,
  command: ServiceCommand,
  known: readonly (readonly [ServiceOptionName, ServiceOption])[],
): ConfigError {
  const flags = known.flatMap(([, option]) => option.flag ?? [])
  return new ConfigError(`millrace ${command} has no option ${flag}.${suggestion(flag, flags, '--')}`)
}
