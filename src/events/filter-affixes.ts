interface Letter {
  readonly next: Map<number, Letter>
  /** One of the texts ends here. */
  isEnd: boolean
}

/** Several texts of which a value may begin or end with any: a tree of letters, so that their number costs nothing. */
export class Affixes {
  readonly #from: 'start' | 'end'
  readonly #root: Letter = { next: new Map(), isEnd: false }
  #longest = 0

  constructor(from: 'start' | 'end') {
    this.#from = from
  }

  get isEmpty(): boolean {
    return !this.#root.isEnd && this.#root.next.size === 0
  }

  /** Letters of the longest one. */
  get longest(): number {
    return this.#longest
  }

  add(text: string): void {
    this.#longest = Math.max(this.#longest, text.length)
    let letter = this.#root
    for (let index = 0; index < text.length; index += 1) {
      const code = this.#codeAt(text, index)
      const next = letter.next.get(code) ?? { next: new Map(), isEnd: false }
      letter.next.set(code, next)
      letter = next
    }
    letter.isEnd = true
  }

  isOf(value: string): boolean {
    let letter: Letter | undefined = this.#root
    for (let index = 0; letter !== undefined && !letter.isEnd; index += 1) {
      letter = index < value.length ? letter.next.get(this.#codeAt(value, index)) : undefined
    }
    return letter !== undefined
  }

  #codeAt(text: string, index: number): number {
    return text.charCodeAt(this.#from === 'start' ? index : text.length - 1 - index)
  }
}

/** In which upper and lower case are the same. A sigma's lower case depends on what follows it, so that a prefix would not be one any more: one form for all. */
export function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}

/** The same of texts of which the case is ignored. Of a value as much is folded as the longest of them has letters. */
export class FoldedAffixes {
  readonly #from: 'start' | 'end'
  readonly #affixes: Affixes

  constructor(from: 'start' | 'end') {
    this.#from = from
    this.#affixes = new Affixes(from)
  }

  get isEmpty(): boolean {
    return this.#affixes.isEmpty
  }

  get longest(): number {
    return this.#affixes.longest
  }

  add(text: string): void {
    this.#affixes.add(foldCase(text))
  }

  isOf(value: string): boolean {
    // No letter gets shorter by being folded. One letter more, since a letter can be two units of a string.
    const letters = this.#affixes.longest + 1
    return this.#affixes.isOf(foldCase(this.#from === 'start' ? value.slice(0, letters) : value.slice(-letters)))
  }
}
