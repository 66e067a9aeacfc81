import type { MappingDocument } from '../model/mapping.ts'
import type { Log } from '../observe/log.ts'
import type { Holder } from './turn-gate.ts'

/** A mapping that holds places for invocations while others wait for one. */
export interface PlaceHolder {
  readonly uuid: string
  readonly source: string
  readonly functionArn: string
  readonly places: number
  readonly heldMs: number
}

export type FindMapping = (uuid: string) => Pick<MappingDocument, 'sourceName' | 'functionArn'> | undefined

export function placeHolders(holders: readonly Holder[], find: FindMapping): readonly PlaceHolder[] {
  return holders.flatMap(({ mapping: uuid, places, heldMs }) => {
    const document = find(uuid)
    return document === undefined
      ? []
      : { uuid, source: document.sourceName, functionArn: document.functionArn, places, heldMs }
  })
}

/** Says it in the log. */
export function tellHolder(log: Log, find: FindMapping, placesMax: number): (holder: Holder) => void {
  return (holder) => {
    for (const { uuid, source, functionArn, places, heldMs } of placeHolders([holder], find)) {
      log.warn(
        { mapping: uuid, source, function: functionArn, places, of: placesMax, heldMs },
        'Attempts of the mapping hold places for invocations that others wait for: its function does not answer. They end at its timeout; more places: maxInvocations.',
      )
    }
  }
}
