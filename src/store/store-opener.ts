import { storeLocationOf, storeUrlForms } from '../model/store-url.ts'
import type { Store } from '../ports.ts'
import { createMemoryStore } from './memory.ts'
import { openSqliteStore } from './sqlite.ts'
import { StoreError } from './store-error.ts'

/** Opens what `--store` names; a relative path starts at the working directory. Throws `StoreError`. */
export async function openStore(url: string): Promise<Store> {
  const location = storeLocationOf(url)
  if (!location) throw new StoreError(`The store '${url}' is not known. Use ${storeUrlForms}.`)
  switch (location.kind) {
    case 'memory':
      return createMemoryStore()
    case 'sqlite':
      return await openSqliteStore(location.path)
    default:
      return location satisfies never
  }
}
