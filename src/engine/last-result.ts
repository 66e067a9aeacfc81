import { processingResults } from '../model/failure.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'

/** A flow by its id, or the looks at the source or the function. */
type Reader = number | 'source' | 'function'

/** News for LastProcessingResult: what the function did, what source or function refuse, and that they no longer do. */
export interface Results {
  processed(result: string): void
  refused(result: string): void
  healed(): void
}

const words: readonly string[] = Object.values(processingResults)

/**
 * LastProcessingResult: what the function last did, or what was last refused. A refusal is over when nobody is refused any more;
 * what was true before it is true again. It is not written down: the next process finds out for itself.
 */
export class LastResult {
  readonly #learn: (result: string) => void
  readonly #refused = new Set<Reader>()
  #refusal: string | null = null

  /** `learn`: what the function did is to be written down. */
  constructor(learn: (result: string) => void) {
    this.#learn = learn
  }

  over(document: MappingDocument): MappingDocument {
    if (this.#refusal === null || !isStream(document.source)) return document
    return { ...document, lastProcessingResult: this.#refusal }
  }

  /** What one reader has to say. */
  of(reader: Reader): Results {
    return {
      processed: (result) => {
        this.#refusal = null
        this.#learn(result)
      },
      refused: (result) => {
        this.#refused.add(reader)
        this.#refusal = result
      },
      healed: () => {
        this.#refused.delete(reader)
        if (this.#refused.size === 0) this.#refusal = null
      },
    }
  }
}

/** Earlier versions wrote refusals of the source down as well. */
export function writtenResult(result: string): string {
  return words.includes(result) ? result : processingResults.none
}
