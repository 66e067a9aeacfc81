import type { MappingStatus } from '../model/mapping-status.ts'
import type { Adoption, MappingDocument, MappingOrigin, MappingParameters } from '../model/mapping.ts'

/** All mappings of the process: what the API, the config file and `--adopt` act upon. Refusals are thrown as `ApiError`. */
export interface Mappings {
  list(): readonly MappingDocument[]
  get(uuid: string): MappingDocument | undefined
  /** Stores the mapping and starts it; resolves with what the response shows (State Creating, or Disabled). */
  create(request: CreateMapping): Promise<MappingDocument>
  /** Lays `changes` (already validated and resolved) over the mapping; resolves with State Updating, Enabling, Disabling or Disabled. */
  update(uuid: string, changes: MappingChanges): Promise<MappingDocument>
  /** Finishes what is in flight in the background, then forgets the mapping; resolves with State Deleting. */
  delete(uuid: string): Promise<MappingDocument>
  tag(uuid: string, tags: Readonly<Record<string, string>>): Promise<void>
  untag(uuid: string, keys: readonly string[]): Promise<void>
  status(uuid: string): MappingStatus | undefined
  /** Mappings of the store that are too damaged to be listed: nobody can tell their source or function. */
  nameless(): readonly MappingStatus[]
  /** Where the store cannot vouch for the mapping: what is damaged, and what to do. It does not run. */
  damageOf(uuid: string): string | undefined
}

export interface CreateMapping {
  readonly origin: MappingOrigin
  readonly sourceName: string
  readonly functionArn: string
  readonly parameters: MappingParameters
  readonly tags: Readonly<Record<string, string>>
  /** An adopted mapping keeps its UUID, so that what a stack knows of it holds here as well. */
  readonly adoption?: { readonly uuid: string; readonly createdMs: number; readonly adopted: Adoption }
}

export interface MappingChanges {
  readonly functionArn?: string
  /** The whole set after the change. */
  readonly parameters: MappingParameters
  readonly adopted?: Adoption
}
