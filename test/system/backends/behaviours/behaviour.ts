import type { SourceName } from '../backend.ts'
import type { World } from '../world.ts'

/** The columns of the table. */
export const behaviourNames = [
  'happy path',
  'failure',
  'partial batch',
  'retries',
  'bisect',
  'destination',
  'reshard',
  'restart',
  'adopt',
  'alias',
] as const

export type BehaviourName = (typeof behaviourNames)[number]

export interface Behaviour {
  readonly source: SourceName
  readonly name: BehaviourName
  /** Asked of backends that only get a smoke test, too. */
  readonly smoke?: boolean
  /** Asked only of backends that run functions and mappings themselves. */
  readonly ownFunctions?: boolean
  /** A mapping of the config file that it needs. */
  readonly fileMapping?: (functionName: string) => Readonly<Record<string, unknown>>
  /** `id` names its function, queue, stream or table: nobody else uses it. */
  readonly run: (world: World, id: string) => Promise<void>
}

export const behaviourId = ({ source, name }: Pick<Behaviour, 'source' | 'name'>): string =>
  `${source}-${name.replaceAll(' ', '-')}`

export const behaviourKey = ({ source, name }: Pick<Behaviour, 'source' | 'name'>): string => `${source}/${name}`
