import type { MappingDocument } from '../../../src/model/mapping.ts'
import type { SourceKind } from '../../../src/model/source.ts'

/** A mapping that reads `sourceName`; what else it says does not matter to a source. */
export function mappingOf(source: SourceKind, sourceName: string, windowSeconds = 0): MappingDocument {
  return {
    uuid: '7d1f5e0c-0000-4000-8000-000000000000',
    origin: 'api',
    source,
    sourceName,
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    state: 'Enabled',
    stateTransitionReason: 'USER_INITIATED',
    createdMs: 0,
    lastModifiedMs: 0,
    lastProcessingResult: '',
    tags: {},
    parameters: {
      EventSourceArn: sourceName,
      FunctionName: 'f',
      Enabled: true,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: windowSeconds,
      FunctionResponseTypes: [],
    },
  }
}
