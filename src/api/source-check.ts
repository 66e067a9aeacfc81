import type { MappingDocument } from '../model/mapping.ts'
import type { SourceOpener } from '../ports.ts'
import type { ApiDeps } from './api-deps.ts'

/** One look at a source that is to be mapped, by an adapter that is opened for it alone. */
export function createSourceCheck(opener: SourceOpener): ApiDeps['checkSource'] {
  return async (candidate, signal) => {
    const document: MappingDocument = {
      uuid: '',
      state: 'Creating',
      stateTransitionReason: '',
      createdMs: 0,
      lastModifiedMs: 0,
      lastProcessingResult: '',
      ...candidate,
    }
    const source = opener.open(document)
    try {
      return await source.describe(signal)
    } finally {
      await source.close()
    }
  }
}

/** One look at the numbers of a mapped queue, by an adapter of its own: what the flows do is not disturbed. */
export function createDepthLook(opener: SourceOpener): ApiDeps['queueDepth'] {
  return async (document, signal) => {
    const source = opener.open(document)
    try {
      return await source.depth(signal)
    } finally {
      await source.close()
    }
  }
}
