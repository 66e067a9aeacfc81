import { mappingOptions } from '../model/mapping-options.ts'
import type { MappingParameters } from '../model/mapping.ts'

/** What an update would have to say to make the one out of the other, Enabled left aside. */
export function changedMembers(before: MappingParameters, after: MappingParameters): Readonly<Record<string, unknown>> {
  const old = new Map<string, unknown>(Object.entries(before))
  const wanted = new Map<string, unknown>(Object.entries(after))
  return Object.fromEntries(
    mappingOptions
      .filter(({ name, updatable }) => updatable && name !== 'Enabled')
      .filter(({ name }) => JSON.stringify(old.get(name)) !== JSON.stringify(wanted.get(name)))
      .map(({ name, clearedBy }) => [name, saidOf(name, wanted.get(name)) ?? clearedValues[clearedBy ?? '{}']]),
  )
}

/** AWS takes an OnFailure without a Destination for a mistake: an empty one is what takes it back. */
function saidOf(name: string, value: unknown): unknown {
  const isNone = name === 'DestinationConfig' && JSON.stringify(value) === '{"OnFailure":{}}'
  return isNone ? { OnFailure: { Destination: '' } } : value
}

const clearedValues = { '""': '', '{}': {}, '[]': [] } as const
