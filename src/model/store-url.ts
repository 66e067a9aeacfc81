/** Where mappings and checkpoints are kept, as `--store` names it. */
export type StoreLocation = { readonly kind: 'memory' } | { readonly kind: 'sqlite'; readonly path: string }

export const storeUrlForms = 'memory: or sqlite:PATH'

/** Reads `memory:` or `sqlite:PATH`; undefined for anything else. In YAML a bare `memory:` is no value, so `memory` will do. */
export function storeLocationOf(url: string): StoreLocation | undefined {
  if (url === 'memory:' || url === 'memory') return { kind: 'memory' }
  if (!url.startsWith('sqlite:')) return undefined
  const path = url.slice('sqlite:'.length)
  // NOTE: `:memory:` is SQLite's own name for a database that dies with its connection; it must not become a file.
  return path === '' || path === ':memory:' ? undefined : { kind: 'sqlite', path }
}
