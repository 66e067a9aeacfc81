import { parseAst } from 'rolldown/parseAst'
import type { Mutant } from './mutants.ts'

/** Where a bug goes: the part of a file that it replaces. */
export interface Place {
  readonly file: string
  readonly start: number
  readonly end: number
}

interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

interface Declaration extends Token {
  readonly file: string
}

/** Comments are no tokens; neither is what a formatter puts or takes: semicolons, and commas before a closing bracket. */
const tokenPattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|[A-Za-z_$][\w$]*|\d[\d_.]*|\S/g

/**
 * Finds the place of each bug by syntax: the declaration that it is in, by name, in whichever file it stands, and the tokens
 * that it replaces, however they are laid out. A move or another formatting makes no difference to it.
 */
export class Planting {
  readonly #declarations = new Map<string, Declaration[]>()

  constructor(files: ReadonlyMap<string, string>) {
    for (const [file, text] of files) {
      for (const { name, start, end } of declarationsOf(text)) {
        const known = this.#declarations.get(name) ?? []
        known.push({ file, text: text.slice(start, end), start, end })
        this.#declarations.set(name, known)
      }
    }
  }

  /** The place, or why there is none. */
  placeOf({ in: name, bug, find }: Mutant): Place | string {
    const declarations = this.#declarations.get(name)
    if (declarations === undefined) return `"${bug}" cannot be planted: nothing in src/core is called ${name}.`
    const wanted = tokensOf(find).map(({ text }) => text)
    const [place, ...others] = declarations.flatMap((declaration) => placesIn(declaration, wanted))
    if (place !== undefined && others.length === 0) return place
    const where = declarations.map(({ file }) => file).join(', ')
    return `"${bug}" cannot be planted: ${name} (${where}) has its tokens ${others.length + Number(place !== undefined)} times, expected once.`
  }
}

export function plant(text: string, { start, end }: Place, replace: string): string {
  return text.slice(0, start) + replace + text.slice(end)
}

function placesIn({ file, text, start }: Declaration, wanted: readonly string[]): Place[] {
  const tokens = tokensOf(text)
  return tokens.flatMap((first, index) => {
    const last = tokens[index + wanted.length - 1]
    const isHere = last !== undefined && wanted.every((each, offset) => tokens[index + offset]?.text === each)
    return isHere ? [{ file, start: start + first.start, end: start + last.end }] : []
  })
}

function tokensOf(text: string): readonly Token[] {
  const all = [...text.matchAll(tokenPattern)]
    .filter(([token]) => !token.startsWith('//') && !token.startsWith('/*') && token !== ';')
    .map((match) => ({ text: match[0], start: match.index, end: match.index + match[0].length }))
  return all.filter(({ text: token }, index) => token !== ',' || !')]}'.includes(all[index + 1]?.text ?? ' '))
}

function declarationsOf(
  text: string,
): readonly { readonly name: string; readonly start: number; readonly end: number }[] {
  return parseAst(text, { lang: 'ts' }).body.flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declared === null) return []
    if (declared.type === 'FunctionDeclaration' || declared.type === 'ClassDeclaration') {
      return declared.id === null ? [] : [{ name: declared.id.name, start: declared.start, end: declared.end }]
    }
    if (declared.type !== 'VariableDeclaration') return []
    return declared.declarations.flatMap(({ id }) =>
      id.type === 'Identifier' ? [{ name: id.name, start: declared.start, end: declared.end }] : [],
    )
  })
}
