/** The store cannot be opened or written; the text says which one, why, and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}
