import { mappingOptions } from '../model/mapping-options.ts'
import type { Shape } from '../model/mapping-shape.ts'
import { UsageError } from './exit-code.ts'

/** A parameter of the Lambda API as a flag, in the AWS CLI's spelling: BatchSize is `--batch-size`. */
interface MappingFlag {
  readonly flag: string
  readonly parameter: string
  readonly type: Shape['type']
  readonly doc: string
}

const flags: readonly MappingFlag[] = mappingOptions
  .filter((option) => option.sources.length > 0)
  .map(({ name, shape, doc }) => ({ flag: kebab(name), parameter: name, type: shape.type, doc }))

export interface MappingArguments {
  readonly positionals: readonly string[]
  /** The body of the request, or the query of a listing, in the names of the Lambda API. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly endpoint: string | undefined
  readonly json: boolean
}

/**
 * Reads flags by the model's table of mapping parameters, and only their types: which values are good, and for which source,
 * the server alone decides, so that there is one validation and its texts are AWS's.
 */
export function readMappingArguments(argv: readonly string[]): MappingArguments {
  const positionals: string[] = []
  const parameters: Record<string, unknown> = {}
  let endpoint: string | undefined
  let json = false
  const rest = [...argv]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('--')) {
      positionals.push(word)
      continue
    }
    const equals = word.indexOf('=')
    const name = equals > 0 ? word.slice(2, equals) : word.slice(2)
    if (equals > 0) rest.unshift(word.slice(equals + 1))
    if (name === 'json') json = true
    else if (name === 'endpoint') endpoint = valueOf(name, rest)
    else Object.assign(parameters, readFlag(name, rest))
  }
  return { positionals, parameters, endpoint, json }
}

export function mappingFlagRows(): readonly (readonly [string, string])[] {
  return flags.map(({ flag, type, doc }) => [`  --${flag} ${placeholder(type)}`, doc] as const)
}

function readFlag(name: string, rest: string[]): Readonly<Record<string, unknown>> {
  const negated = name.startsWith('no-')
  const flag = flags.find((one) => one.flag === (negated ? name.slice(3) : name))
  if (!flag || (negated && flag.type !== 'boolean')) {
    throw new UsageError(`--${name} is not an option of this command; \`millrace mappings --help\` lists them`)
  }
  const { parameter, type } = flag
  if (negated) return { [parameter]: false }
  // A switch may stand alone, or be spelled out.
  if (type === 'boolean' && !/^(true|false)$/.test(rest[0] ?? '')) return { [parameter]: true }
  return { [parameter]: read(type, name, valueOf(name, rest)) }
}

function read(type: Shape['type'], name: string, value: string): unknown {
  switch (type) {
    case 'boolean':
      return value === 'true'
    case 'integer':
    case 'timestamp':
      return numberOf(name, value)
    case 'list':
      return value.startsWith('[') ? jsonOf(name, value) : value.split(',').filter(Boolean)
    case 'map':
      return value.startsWith('{') ? jsonOf(name, value) : pairsOf(name, value)
    case 'structure':
      return jsonOf(name, value)
    case 'string':
    case 'any':
      return value
  }
  return type satisfies never
}

function placeholder(type: Shape['type']): string {
  if (type === 'integer') return 'N'
  if (type === 'boolean') return '[true|false]'
  if (type === 'structure') return 'JSON'
  return type === 'list' || type === 'map' ? 'LIST|JSON' : type === 'timestamp' ? 'SECONDS|DATE' : 'TEXT'
}

function numberOf(name: string, value: string): number {
  const number = Number(value)
  if (value.trim() !== '' && Number.isFinite(number)) return number
  const ms = name.endsWith('timestamp') ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw new UsageError(`--${name} ${value}: not a number`)
  return ms / 1000
}

function jsonOf(name: string, value: string): unknown {
  try {
    return JSON.parse(value) as unknown
  } catch (error) {
    throw new UsageError(`--${name}: not JSON (${error instanceof Error ? error.message : String(error)})`, {
      cause: error,
    })
  }
}

/** `a=1,b=2` */
function pairsOf(name: string, value: string): Readonly<Record<string, string>> {
  const pairs = value.split(',').filter(Boolean)
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=')
      if (equals < 1) throw new UsageError(`--${name}: ${pair} is not KEY=VALUE`)
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    }),
  )
}

function valueOf(name: string, rest: string[]): string {
  const value = rest.shift()
  if (value === undefined || value.startsWith('--')) throw new UsageError(`--${name} needs a value`)
  return value
}

function kebab(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])|([A-Z]+)([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase()
}
