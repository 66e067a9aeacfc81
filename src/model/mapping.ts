import type { OwnOption } from './mapping-options.ts'
import type { ShapeValue } from './shape-value.ts'
import type { SourceKind } from './source.ts'

/** The states of AWS's EventSourceMappingConfiguration. */
export type MappingState = 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting'

/**
 * The parameters of a mapping in the names and units of the Lambda API, defaults filled in, exactly what a response
 * echoes. Members that do not exist for a source are absent, not null.
 */
export type MappingParameters = { readonly [Of in Name & Always]: ValueOf<Of> } & {
  readonly [Of in Exclude<Name, Always>]?: ValueOf<Of> | undefined
} extends infer Whole
  ? { readonly [Of in keyof Whole]: Whole[Of] }
  : never

/** Tags are kept beside the parameters. */
type Name = Exclude<OwnOption['name'], 'Tags'>
/** The parameters that no mapping is without. */
type Always = Extract<OwnOption, { required: true } | { defaults: Readonly<Record<SourceKind, unknown>> }>['name']
type ValueOf<Of extends Name> = ShapeValue<Extract<OwnOption, { name: Of }>['shape']>

/** Who made a mapping: `prune` removes only what a file made and no longer names. */
export type MappingOrigin = 'file' | 'api' | 'adopted'

/** A mapping as the store keeps it. */
export interface MappingDocument {
  readonly uuid: string
  readonly origin: MappingOrigin
  readonly source: SourceKind
  /** The source as it was named: the ARN, or `kinesis:NAME` / `dynamodb:TABLE` of the config file. With the function it is the mapping's key. */
  readonly sourceName: string
  /** The ARN that a stream given by name was last seen to have; absent as long as nobody knows, and where the name is the ARN. */
  readonly sourceArn?: string | undefined
  /** An older stream of the table that is still being read: `sourceArn` comes after it. Absent: it is `sourceArn` itself. */
  readonly attachedArn?: string | undefined
  /** The function's ARN with the qualification that was given. */
  readonly functionArn: string
  readonly state: MappingState
  readonly stateTransitionReason: string
  readonly createdMs: number
  readonly lastModifiedMs: number
  readonly lastProcessingResult: string
  readonly tags: Readonly<Record<string, string>>
  readonly parameters: MappingParameters
  /** Only where `--adopt` took the mapping over. */
  readonly adopted?: Adoption | undefined
}

/** What has to be remembered of a mapping of the upstream that runs here in its stead. */
export interface Adoption {
  /**
   * `taking`: upstream it is being disabled, and it begins here once it is. `taken`: upstream it was last seen disabled. `touched`: we
   * have changed it upstream, or are about to, while it runs here. `returning`: upstream it is being enabled again. Written
   * before the upstream is told, so that whatever dies in between, the next start knows who has to poll.
   */
  readonly phase: 'taking' | 'taken' | 'touched' | 'returning'
  /** What the stack declared when it was last copied, as one comparable text. */
  readonly declared: string
  /** LastModified upstream at that time; null: the upstream does not say. */
  readonly upstreamModifiedMs: number | null
}

/** The order in which every store lists mappings: oldest first, then by UUID (behaviour §11.21). */
export function byCreation(a: MappingDocument, b: MappingDocument): number {
  return a.createdMs - b.createdMs || (a.uuid < b.uuid ? -1 : Number(a.uuid > b.uuid))
}

/** AWS's own key of a mapping: the source as named, and the function exactly as qualified. */
export function mappingKey(document: Pick<MappingDocument, 'sourceName' | 'functionArn'>): string {
  return `${document.sourceName} ${document.functionArn}`
}

/** What the source of a mapping goes by: a stream that is followed by its name has an ARN as well, once it was seen. */
export function sourceNamesOf({ sourceName, sourceArn, attachedArn }: NamedSource): readonly string[] {
  return [
    sourceName,
    ...(sourceArn === undefined ? [] : [sourceArn]),
    ...(attachedArn === undefined ? [] : [attachedArn]),
  ]
}

/** Whether AWS would call the two one mapping: under a second one every record would reach the function twice. */
export function isSameMapping(one: NamedSource & NamedFunction, other: NamedSource & NamedFunction): boolean {
  const names = sourceNamesOf(other)
  return one.functionArn === other.functionArn && sourceNamesOf(one).some((name) => names.includes(name))
}

type NamedSource = Pick<MappingDocument, 'sourceName' | 'sourceArn' | 'attachedArn'>
type NamedFunction = Pick<MappingDocument, 'functionArn'>
