import type { ServiceCommand, ServiceOption, ServiceOptionName } from '../model/service-options.ts'
import { optionEntries } from './flags.ts'

const columns = 100
const indent = ' '.repeat(6)

/** These alone; for a command that needs few of them. */
export function describeSome(names: readonly ServiceOptionName[]): string {
  return describe(optionEntries.filter(([name]) => names.includes(name)))
}

/** The options of a command, made from the table: flag, what it does, variable and key of the file, range and default. */
export function describeOptions(command: ServiceCommand = 'start'): string {
  return describe(optionEntries.filter(([, option]) => option.commands.includes(command)))
}

function describe(entries: typeof optionEntries): string {
  return entries
    .map(([, option]) => [`  ${usage(option)}`, ...wrap(`${option.doc} ${facts(option)}`)].join('\n'))
    .join('\n')
}

function usage({ env, flag, type, values, bare, placeholder }: ServiceOption): string {
  if (flag === null) return env
  if (type === 'boolean') return `${flag}, ${flag.replace('--', '--no-')}`
  if (bare !== undefined) return `${flag}[=${values?.join('|')}]`
  return `${flag} ${placeholder ?? values?.join('|')}`
}

function facts(option: ServiceOption): string {
  const { env, flag, key, min, max, unit } = option
  const places = [flag === null ? [] : env, key ?? []].flat().join(', ')
  const range = min === undefined ? '' : `; ${min} to ${max}${unit === undefined ? '' : ` ${unit}`}`
  const preset = option.default === undefined ? '' : `; default ${option.default}`
  return `[${places}${range}${preset}]`
}

function wrap(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > columns) {
      lines.push(indent + line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, indent + line]
}
