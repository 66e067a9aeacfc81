/** What the registry wants to hear. */
export interface MappingHooks {
  /** Writes the document down as it then is; resolves when that is durable. */
  save(): Promise<void>
  /** Removes the document with all that was kept of it. */
  remove(): Promise<void>
  /** The mapping is gone. */
  removed(): void
}
