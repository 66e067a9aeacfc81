import { withoutSecretShapes } from '../model/redaction.ts'

/**
 * The configuration cannot be used. Each mistake names the place (file and line, variable, flag or option), the key and what to
 * do; the message is all of them, one a line.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly mistakes: readonly string[]
  /** Reading on would be of no use, or would never end. */
  readonly isFinal: boolean

  constructor(
    mistake: string | readonly string[],
    { isFinal = false, ...options }: ErrorOptions & { isFinal?: boolean } = {},
  ) {
    const mistakes = [mistake].flat().map(withoutSecretShapes)
    super(mistakes.join('\n'), options)
    this.mistakes = mistakes
    this.isFinal = isFinal
  }
}

/** Gathers what is wrong with the parts of something, so that all of it is told at once. */
export class Mistakes {
  readonly #found: string[] = []

  /** What `read` makes of its part; undefined where that cannot be used. */
  of<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof ConfigError) || error.isFinal) throw error
      this.#found.push(...error.mistakes)
      return undefined
    }
  }

  /** The parts that can be used. */
  ofEach<T, R>(parts: Iterable<T>, read: (part: T, index: number) => R): R[] {
    return [...parts].flatMap((part, index) => {
      const value = this.of(() => [read(part, index)])
      return value ?? []
    })
  }

  /** `file`: whose lines give the order; what is not about it comes first. */
  refuse(file?: string): void {
    if (this.#found.length === 0) return
    const lineOf = (mistake: string) =>
      file !== undefined && mistake.startsWith(`${file}:`) ? Number.parseInt(mistake.slice(file.length + 1), 10) : 0
    throw new ConfigError(this.#found.toSorted((a, b) => lineOf(a) - lineOf(b)))
  }
}

/** `read` for each part: all of them, or a refusal with the mistakes of all. */
export function readEach<T, R>(parts: Iterable<T>, read: (part: T, index: number) => R): R[] {
  const mistakes = new Mistakes()
  const values = mistakes.ofEach(parts, read)
  mistakes.refuse()
  return values
}
