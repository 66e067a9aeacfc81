import type { Checkpoint } from '../model/checkpoint.ts'
import { byCreation, type MappingDocument } from '../model/mapping.ts'
import type { Store } from '../ports.ts'
import { StoreError } from './store-error.ts'

interface FlowEntry {
  readonly fence: number
  /** As JSON text, so that what comes back is a copy, exactly as from a store on disk. */
  readonly checkpoint: string | null
}

/** Keeps everything in the process: positions are lost with it. The twin of the SQLite store, behaviour for behaviour. */
export function createMemoryStore(): Store {
  const documents = new Map<string, string>()
  const flows = new Map<string, Map<string, FlowEntry>>()
  // One counter for all flows: a flow that is forgotten and opened anew must not hand out a fence a second time.
  let lastFence = 0
  let closed = false

  const guarded = async <T>(action: () => T): Promise<T> => {
    if (closed) throw new StoreError('The store is closed.')
    return await Promise.resolve(action())
  }

  return {
    mappings: () => guarded(() => [...documents.values()].map(parse<MappingDocument>).sort(byCreation)),
    findings: () => ({ damaged: [], lost: [] }),
    putMapping: (document) => guarded(() => void documents.set(document.uuid, JSON.stringify(document))),
    deleteMapping: (uuid) =>
      guarded(() => {
        documents.delete(uuid)
        flows.delete(uuid)
      }),
    openFlow: (uuid, flow) =>
      guarded(() => {
        const entries = flows.get(uuid) ?? new Map<string, FlowEntry>()
        flows.set(uuid, entries)
        const checkpoint = entries.get(flow)?.checkpoint ?? null
        lastFence += 1
        entries.set(flow, { fence: lastFence, checkpoint })
        return { fence: lastFence, checkpoint: checkpoint === null ? null : parse<Checkpoint>(checkpoint) }
      }),
    writeCheckpoint: (uuid, flow, fence, checkpoint) =>
      guarded(() => {
        const entries = flows.get(uuid)
        if (entries?.get(flow)?.fence !== fence) return 'fenced'
        entries.set(flow, { fence, checkpoint: JSON.stringify(checkpoint) })
        return 'written'
      }),
    checkpoints: (uuid) =>
      guarded(() =>
        [...(flows.get(uuid) ?? [])]
          .flatMap(([flow, { checkpoint }]) =>
            checkpoint === null ? [] : [{ flow, checkpoint: parse<Checkpoint>(checkpoint) }],
          )
          .sort((a, b) => (a.flow < b.flow ? -1 : 1)),
      ),
    deleteCheckpoint: (uuid, flow) => guarded(() => void flows.get(uuid)?.delete(flow)),
    probe: () => guarded(() => undefined),
    close: async () => {
      closed = true
      await Promise.resolve()
    },
  }
}

function parse<T>(text: string): T {
  return JSON.parse(text) as T
}
