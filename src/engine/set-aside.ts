import { sourceKindOf } from '../model/arn.ts'
import { processingResults } from '../model/failure.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { DamagedMapping } from '../ports.ts'
import type { MappingStatus } from '../model/mapping-status.ts'

interface Entry {
  readonly found: DamagedMapping
  readonly atMs: number
  readonly document: MappingDocument | undefined
}

/** The mappings that the store cannot vouch for: kept for repair and shown, never run and never changed, only deleted. */
export class SetAside {
  readonly #entries = new Map<string, Entry>()

  add(found: DamagedMapping, atMs: number): void {
    this.#entries.set(found.uuid, { found, atMs, document: shownAs(found) })
  }

  /** Those of which source and function are known. */
  list(): readonly MappingDocument[] {
    return [...this.#entries.values()].flatMap(({ document }) => document ?? [])
  }

  get(uuid: string): MappingDocument | undefined {
    return this.#entries.get(uuid)?.document
  }

  /** What to do about it. */
  message(uuid: string): string | undefined {
    return this.#entries.get(uuid)?.found.message
  }

  status(uuid: string): MappingStatus | undefined {
    const entry = this.#entries.get(uuid)
    return entry && statusOf(entry)
  }

  /** Those whose source or function nobody can tell. */
  nameless(): readonly MappingStatus[] {
    return [...this.#entries.values()].filter(({ document }) => document === undefined).map(statusOf)
  }

  drop(uuid: string): void {
    this.#entries.delete(uuid)
  }
}

/** The API has no state for it: Disabled is true, and the reason says the rest. */
function shownAs(found: DamagedMapping): MappingDocument | undefined {
  const { document, functionArn, message, sourceName, uuid } = found
  const shown = { state: 'Disabled', stateTransitionReason: message } as const
  if (document !== null) return { ...document, ...shown }
  const source = sourceName === null ? undefined : sourceKindOf(sourceName)
  if (sourceName === null || source === undefined || functionArn === null) return undefined
  return {
    uuid,
    origin: 'api',
    source,
    sourceName,
    functionArn,
    state: 'Disabled',
    stateTransitionReason: `${message} Its parameters are lost: those shown are the defaults.`,
    createdMs: 0,
    lastModifiedMs: 0,
    lastProcessingResult: isStream(source) ? processingResults.none : '',
    tags: {},
    parameters: {
      EventSourceArn: sourceName,
      FunctionName: functionArn,
      Enabled: false,
      BatchSize: isStream(source) ? 100 : 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: [],
    },
  }
}

function statusOf({ found, atMs }: Entry): MappingStatus {
  return {
    uuid: found.uuid,
    state: 'SetAside',
    source: found.sourceName ?? 'unknown',
    functionArn: found.functionArn ?? 'unknown',
    pauseReasons: ['damaged'],
    lastProcessingResult: null,
    lastError: { atMs, message: found.message },
    sourceTrouble: null,
    functionTrouble: null,
    flows: [],
  }
}
