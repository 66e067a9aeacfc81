import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError } from './config-error.ts'
import type { GivenText } from './flags.ts'

export interface ConfigText {
  readonly text: string
  /** How refusals call it; empty for an object in memory. */
  readonly name: string
}

/** Where a file is looked for when none is named: beside the caller, and where images have one mounted. */
const defaultPaths = ['millrace.yaml', '/etc/millrace/millrace.yaml'] as const

/** The text of the file that is named, of the variable that holds it, or of the first default file that exists. */
export function findConfig(
  given: { readonly flag: GivenText | undefined; readonly variable: GivenText | undefined },
  cwd: string,
  paths: readonly string[] = defaultPaths,
): ConfigText | undefined {
  if (given.flag) return readConfig(given.flag, cwd)
  if (given.variable) {
    return isPath(given.variable.text, cwd)
      ? readConfig(given.variable, cwd)
      : { text: given.variable.text, name: given.variable.where }
  }
  const path = paths.find((candidate) => existsSync(resolve(cwd, candidate)))
  return path === undefined ? undefined : readConfig({ text: path, where: path }, cwd)
}

/** The variable holds the configuration itself when it could be one and no file has that name. */
function isPath(text: string, cwd: string): boolean {
  if (text.includes('\n') || text.trimStart().startsWith('{')) return false
  return !text.includes(':') || existsSync(resolve(cwd, text))
}

function readConfig({ text: path, where }: GivenText, cwd: string): ConfigText {
  try {
    return { text: readFileSync(resolve(cwd, path), 'utf8'), name: path }
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const text = reasons[reason] ?? `cannot be read: ${reason}`
    throw new ConfigError(`${where}: the file ${path} ${text}.`, { cause: error })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by this user',
}
