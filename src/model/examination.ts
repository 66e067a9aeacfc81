import type { FileMapping } from './settings.ts'

/** What one look at something outside has shown. `unknown`: it cannot be told, which is no fault by itself. */
export type Look =
  { readonly kind: 'found' } | { readonly kind: 'missing' | 'denied' | 'unknown'; readonly message: string }

/** What a mapping of the file would meet, looked at before a start. */
export interface MappingExamination {
  readonly mapping: FileMapping
  readonly source: Look
  readonly function: Look
  /** null: nobody says, or it is a stream. */
  readonly visibilityMs: number | null
  /** null: nobody says. */
  readonly timeoutMs: number | null
  /** null: the mapping has none. */
  readonly destination: Look | null
}
