import type { Adoption, MappingDocument, MappingParameters } from '../../model/mapping.ts'
import { isAtRest } from '../mapping/states.ts'

export type AdoptionMode = 'off' | 'on' | 'undo'

export interface AdoptionView {
  /** `off`: what an earlier process began is brought to its end, nothing else. */
  readonly mode: AdoptionMode
  readonly upstream: readonly SeenMapping[]
  readonly ours: readonly MappingDocument[]
  /** What the upstream would not disable, and its LastModified at that time: tried again when that changes. */
  readonly refused: ReadonlyMap<string, number | null>
  /** What was already not listed at the look before: one look without it may be a list that is not complete yet. */
  readonly missedBefore: ReadonlySet<string>
}

/** A mapping of the upstream at one look. */
export interface SeenMapping {
  readonly uuid: string
  /** `moving`: on its way to another state, or in one that Lambda does not have. */
  readonly state: 'Enabled' | 'Disabled' | 'Deleting' | 'moving'
  readonly modifiedMs: number | null
  /** LastModified was the same at the look before: there are emulators where it is always now, and says nothing. */
  readonly isSteady: boolean
  readonly declaration: Declaration
}

export type Declaration =
  | {
      readonly kind: 'runnable'
      readonly sourceName: string
      readonly functionArn: string
      /** `Enabled` in it is true; what the stack declared is the state. */
      readonly parameters: MappingParameters
      /** All of it as one comparable text. */
      readonly text: string
    }
  /** Not for Millrace, and why. */
  | { readonly kind: 'foreign'; readonly reason: string }

export type Runnable = Extract<Declaration, { kind: 'runnable' }>

export type AdoptionStep =
  /** Take it into the store, not running; `adopted` says what comes next. */
  | {
      readonly kind: 'adopt'
      readonly uuid: string
      readonly declaration: Runnable
      readonly createdMs: number | null
      readonly adopted: Adoption
    }
  /** Write the phase down. */
  | { readonly kind: 'note'; readonly uuid: string; readonly adopted: Adoption; readonly why: NoteReason }
  /** Tell the upstream. */
  | { readonly kind: 'switch'; readonly uuid: string; readonly enabled: boolean }
  /** Change it here. */
  | {
      readonly kind: 'change'
      readonly uuid: string
      /** null: what is declared stays as it is. */
      readonly declaration: Runnable | null
      readonly enabled: boolean
      readonly adopted: Adoption
      readonly why: ChangeReason
    }
  /** Forget it here; the upstream is not told. */
  | { readonly kind: 'remove'; readonly uuid: string; readonly why: RemoveReason }
  | { readonly kind: 'tell'; readonly uuid: string; readonly reason: string }
  /** Nothing can be done before something has ended: look again soon. */
  | { readonly kind: 'wait'; readonly uuid: string }

export type NoteReason = 'enabledAgain' | 'enabledUpstream' | 'settled' | 'returning'
export type ChangeReason = 'started' | 'copied' | 'disabledUpstream' | 'stopped'
export type RemoveReason = 'gone' | 'refused' | 'foreign' | 'returned'

export function adoptedOf({ ours }: Pick<AdoptionView, 'ours'>): ReadonlyMap<string, Adopted> {
  return new Map(ours.flatMap((own) => (own.adopted ? [[own.uuid, { ...own, adopted: own.adopted }]] : [])))
}

export type Adopted = MappingDocument & { readonly adopted: Adoption }

/** It is not listed any more. */
export function planMissing(own: Adopted, { missedBefore }: Pick<AdoptionView, 'missedBefore'>): AdoptionStep {
  const { uuid } = own
  return isAtRest(own.state) && missedBefore.has(uuid) ? { kind: 'remove', uuid, why: 'gone' } : { kind: 'wait', uuid }
}

export function adoptionOf(seen: SeenMapping, declaration: Runnable, phase: Adoption['phase']): Adoption {
  return { phase, declared: declaration.text, upstreamModifiedMs: seen.modifiedMs }
}
