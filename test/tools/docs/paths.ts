import { posix } from 'node:path'
import { proseOf, type Page } from './page.ts'
import type { Tree } from './tree.ts'

const quoted = /`([\w.@*{}, /-]+)`/g
/** Without backticks only what begins in a folder of ours and ends as a file does. */
const unquoted = /(?<![\w./@-])(?:src|test|docs|deploy|\.github)\/[\w./-]+\.(?:ts|mjs|md|ya?ml|json|sh|py)\b/g
const fileName = /^[\w.-]+\.(?:ts|mjs|md|sh|py)$/
const dataName = /^[\w.-]+\.(?:ya?ml|json)$/

/** Files and folders that are named and not there. */
export function brokenPaths(page: Page, tree: Tree): readonly string[] {
  const prose = proseOf(page)
  const names = [
    ...[...prose.matchAll(quoted)].map(([, name = '']) => name),
    ...[...prose.matchAll(unquoted)].map(([name]) => name),
  ]
  const broken = new Set(names.filter((name) => isPath(name, page.file, tree) && !isThere(name, page.file, tree)))
  return [...broken].map((name) => `${page.file}: there is no ${name}`)
}

function isPath(name: string, file: string, tree: Tree): boolean {
  if (/[ ,@]/.test(name.replaceAll(/\{[^}]*\}/g, ''))) return false
  const [first = '', ...rest] = name.split('/')
  if (rest.length === 0) return fileName.test(name) || (file.startsWith('deploy/') && dataName.test(name))
  // Paths of other repositories and of URLs begin with folders that are not ours.
  return tree.folders.has(first) || tree.folders.has(`src/${first}`)
}

/** From the root, from `src` or `test`, or beside the page; a file's name alone may be anywhere. */
function isThere(name: string, file: string, tree: Tree): boolean {
  if (!name.includes('/')) return tree.baseNames.has(name)
  const whole = fixedPart(name)
  const places = ['.', 'src', 'test', posix.dirname(file)].map((place) => posix.join(place, whole).replace(/\/$/, ''))
  return places.some((path) => tree.files.has(path) || tree.folders.has(path))
}

/** `sources/*` and `{a,b}.ts` name what is in a folder: the folder has to be there. */
function fixedPart(name: string): string {
  const special = name.search(/[*{]/)
  return special < 0 ? name : name.slice(0, name.lastIndexOf('/', special))
}
