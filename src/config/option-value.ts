import type { OptionValueOf } from '../model/option-types.ts'
import type { OptionType, serviceOptions } from '../model/service-options.ts'
import { storeLocationOf, storeUrlForms } from '../model/store-url.ts'
import type { ConfigNode, ConfigScalar } from './config-document.ts'
import { ConfigError } from './config-error.ts'

/** What a value must be; entries of every option table fit. */
export interface ValueRule {
  readonly type: OptionType
  readonly values?: readonly string[]
  readonly min?: number
  readonly max?: number
  readonly secret?: boolean
}

type Table = typeof serviceOptions

/** A value for every option of the table; undefined only where it has no default. */
export type OptionValues = {
  readonly [Name in keyof Table]:
    OptionValueOf<Table[Name]> | (Table[Name] extends { default: unknown } ? never : undefined)
}

export type OptionValue = string | number | boolean | readonly string[]

/** Reads what a flag or a variable holds. `where` begins the text of a refusal. */
export function valueOfText(text: string, rule: ValueRule, where: string): OptionValue {
  const value = fits(fromText(text, rule.type), rule)
  if (value === undefined)
    throw new ConfigError(`${where} ${wanted(rule)}${rule.secret ? '' : `, not ${JSON.stringify(text)}`}.`)
  return value
}

/** Reads what the file holds. A value of another type is refused even where it could be converted. */
export function valueOfNode(node: ConfigNode, rule: ValueRule, where: string): OptionValue {
  if (node.kind === 'scalar' && node.value === null) {
    throw new ConfigError(`${where} has no value. It ${wanted(rule)}; without the key the default holds.`)
  }
  const value = fits(rule.type === 'texts' ? textsOf(node, where) : scalarOf(node, rule.type, where), rule)
  if (value !== undefined) return value
  if (rule.secret) throw new ConfigError(`${where} ${wanted(rule)}. Put it in quotes.`)
  throw new ConfigError(`${where} ${wanted(rule)}, not ${shown(node)}.${quoting(node, rule)}`)
}

function scalarOf(node: ConfigNode, type: OptionType, where: string): OptionValue | undefined {
  return node.kind === 'scalar' ? plainValue(node, type, where) : undefined
}

/** A list, or what a variable would hold. */
function textsOf(node: ConfigNode, where: string): OptionValue | undefined {
  if (node.kind === 'map') return undefined
  if (node.kind === 'scalar') return fromText(String(plainValue(node, 'text', where)), 'texts')
  const texts = node.items.map((item) => scalarOf(item, 'text', where))
  return texts.every((text) => typeof text === 'string') ? texts : undefined
}

/** What came from a variable is a text, whatever it stands for. */
function plainValue({ expanded, value }: ConfigScalar, type: OptionType, where: string): OptionValue | undefined {
  if (expanded === undefined) return value ?? undefined
  if ('problem' in expanded) throw new ConfigError(`${where} ${expanded.problem}`)
  return fromText(expanded.text, type)
}

/** What stands in the file, as a refusal shows it. */
export function shown(node: ConfigNode): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`
  if (node.value === null) return 'empty'
  if (typeof node.value !== 'string') return `the ${typeof node.value} ${node.source}`
  const { expanded, value, source } = node
  if (expanded === undefined || 'problem' in expanded) return JSON.stringify(value)
  return `${JSON.stringify(expanded.text)} (${source})`
}

function fromText(text: string, type: OptionType): OptionValue | undefined {
  switch (type) {
    case 'integer':
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
    case 'boolean':
      return booleans.get(text.toLowerCase())
    case 'texts':
      return text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    case 'text':
    case 'choice':
    case 'url':
    case 'store':
    case 'account':
      return text
    default:
      return type satisfies never
  }
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

function fits(value: OptionValue | undefined, rule: ValueRule): OptionValue | undefined {
  if (value === undefined || !checks[rule.type](value, rule)) return undefined
  return rule.type === 'store' && value === 'memory' ? 'memory:' : value
}

type Check = (value: OptionValue, rule: ValueRule) => boolean

const inRange: Check = (value, { min = -Infinity, max = Infinity }) =>
  typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max

const checks: Readonly<Record<OptionType, Check>> = {
  integer: (value, rule) => Number.isInteger(value) && inRange(value, rule),
  number: inRange,
  boolean: (value) => typeof value === 'boolean',
  choice: (value, { values = [] }) => typeof value === 'string' && values.includes(value),
  texts: (value) => Array.isArray(value) && value.every((text) => text !== ''),
  text: (value) => typeof value === 'string' && value !== '',
  url: (value) => typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value),
  store: (value) => typeof value === 'string' && storeLocationOf(value) !== undefined,
  account: (value) => typeof value === 'string' && /^\d{12}$/.test(value),
}

function wanted(rule: ValueRule): string {
  switch (rule.type) {
    case 'integer':
      return `must be a whole number${range(rule)}`
    case 'number':
      return `must be a number${range(rule)}`
    case 'boolean':
      return 'must be true or false'
    case 'choice':
      return `must be one of ${(rule.values ?? []).join(', ')}`
    case 'text':
      return 'must be a text'
    case 'texts':
      return 'must be a list of texts'
    case 'url':
      return 'must be an http or https URL'
    case 'store':
      return `must be ${storeUrlForms}`
    case 'account':
      return 'must be a text of twelve digits'
    default:
      return rule.type satisfies never
  }
}

function range({ min, max }: ValueRule): string {
  return min === undefined || max === undefined ? '' : ` from ${min} to ${max}`
}

/** YAML takes 000000000000 for the number 0. */
function quoting(node: ConfigNode, rule: ValueRule): string {
  const isText = rule.type === 'text' || rule.type === 'account' || rule.type === 'choice'
  const isWord = node.kind === 'scalar' && (typeof node.value === 'number' || typeof node.value === 'boolean')
  return isText && isWord ? ` Put it in quotes: "${node.source}".` : ''
}
