import { parseArn } from '../model/arn.ts'
import type { MappingDocument, MappingParameters } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'

/** EventSourceMappingConfiguration: members that a source does not have, or that were not set, are left out. */
export interface MappingResponse extends Omit<MappingParameters, 'Enabled' | 'FunctionName'> {
  readonly UUID: string
  readonly EventSourceMappingArn: string
  readonly FunctionArn: string
  /** Epoch seconds. */
  readonly LastModified: number
  readonly LastProcessingResult?: string
  readonly State: string
  readonly StateTransitionReason: string
}

export function mappingResponse(document: MappingDocument): MappingResponse {
  const { Enabled: _enabled, FunctionName: _functionName, ...parameters } = document.parameters
  return {
    UUID: document.uuid,
    EventSourceMappingArn: mappingArn(document),
    ...parameters,
    // A stream of the config file may be given by name; whoever lists mappings wants to know which one that is.
    EventSourceArn: document.sourceArn ?? parameters.EventSourceArn,
    FunctionArn: document.functionArn,
    LastModified: document.lastModifiedMs / 1_000,
    // Queues never have one (80 observations, behaviour §1.3).
    ...(isStream(document.source) && { LastProcessingResult: document.lastProcessingResult }),
    State: document.state,
    StateTransitionReason: document.stateTransitionReason,
  }
}

/** The mapping lives where its function lives. */
export function mappingArn(document: Pick<MappingDocument, 'uuid' | 'functionArn'>): string {
  const arn = parseArn(document.functionArn)
  return `arn:${arn?.partition ?? 'aws'}:lambda:${arn?.region ?? ''}:${arn?.account ?? ''}:event-source-mapping:${document.uuid}`
}
