import { randomUUID } from 'node:crypto'
import type { MappingStatus } from '../../src/model/mapping-status.ts'
import type { CreateMapping, MappingChanges, Mappings } from '../../src/engine/mappings.ts'
import { sourceKindOf } from '../../src/model/arn.ts'
import type { MappingDocument, MappingState } from '../../src/model/mapping.ts'
import { isStream } from '../../src/model/source.ts'

/** Mappings that run nothing: documents in memory, with the states of the Lambda API. */
export interface FakeMappings extends Mappings {
  /** Ends every transition that is under way. */
  settle(): void
  setStatus(status: MappingStatus): void
  /** How many changes there were: create, update, delete, tag, untag. */
  readonly changes: number
}

/** `instant`: a transition is over as soon as its answer is out. `held`: it lasts until `settle()`. */
export function createFakeMappings(transitions: 'instant' | 'held' = 'instant'): FakeMappings {
  const documents = new Map<string, MappingDocument>()
  const statuses = new Map<string, MappingStatus>()
  let changes = 0
  let nowMs = Date.UTC(2026, 10, 21)

  const put = (document: MappingDocument): MappingDocument => {
    changes += 1
    documents.set(document.uuid, document)
    const answered = documents.get(document.uuid) ?? document
    if (transitions === 'instant') settle()
    return answered
  }

  function settle(): void {
    for (const document of documents.values()) {
      if (document.state === 'Deleting') documents.delete(document.uuid)
      else documents.set(document.uuid, { ...document, state: document.parameters.Enabled ? 'Enabled' : 'Disabled' })
    }
  }

  const must = (uuid: string): MappingDocument => {
    const document = documents.get(uuid)
    if (document === undefined) throw new Error(`no mapping ${uuid}`)
    return document
  }

  return {
    get changes() {
      return changes
    },
    settle,
    setStatus: (status) => void statuses.set(status.uuid, status),
    list: () => [...documents.values()],
    get: (uuid) => documents.get(uuid),
    async create(request: CreateMapping) {
      const source = sourceKindOf(request.sourceName)
      if (source === undefined) throw new Error(`no source ${request.sourceName}`)
      nowMs += 1_500.25
      const created = request.parameters.Enabled || isStream(source) ? 'Creating' : 'Disabled'
      return put({
        ...request,
        uuid: randomUUID(),
        source,
        state: created,
        stateTransitionReason: isStream(source) ? 'User action' : 'USER_INITIATED',
        createdMs: Math.floor(nowMs),
        lastModifiedMs: Math.floor(nowMs),
        lastProcessingResult: isStream(source) ? 'No records processed' : '',
      })
    },
    async update(uuid, { functionArn, parameters }: MappingChanges) {
      const before = must(uuid)
      const state = stateOfUpdate(before.state, parameters.Enabled)
      return put({ ...before, functionArn: functionArn ?? before.functionArn, parameters, state })
    },
    async delete(uuid) {
      return put({ ...must(uuid), state: 'Deleting' })
    },
    async tag(uuid, tags) {
      put({ ...must(uuid), tags: { ...must(uuid).tags, ...tags } })
    },
    async untag(uuid, keys) {
      const kept = Object.entries(must(uuid).tags).filter(([key]) => !keys.includes(key))
      put({ ...must(uuid), tags: Object.fromEntries(kept) })
    },
    status: (uuid) => statuses.get(uuid),
    nameless: () => [],
    damageOf: () => undefined,
  }
}

function stateOfUpdate(before: MappingState, enabled: boolean): MappingState {
  if (before === 'Disabled') return enabled ? 'Enabling' : 'Disabled'
  return enabled ? 'Updating' : 'Disabling'
}
