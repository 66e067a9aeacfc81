import type { MappingState } from '../../model/mapping.ts'
import type { SourceTraits } from '../../model/source.ts'

/**
 *  create ──► Creating ──► Enabled ◄──► Updating
 *                 │          ▲ │
 *                 │ Enabling─┘ └─► Disabling
 *                 ▼    ▲              │
 *             Disabled ┴──────────────┘          any settled state ──► Deleting ──► gone
 *
 * What each transition does to reads, batches and checkpoints is the table "Life of a mapping" of architecture §5.
 */

/** A mapping in transition is in use: it is neither updated nor deleted (behaviour §1.4). */
export function isAtRest(state: MappingState): boolean {
  return state === 'Enabled' || state === 'Disabled'
}

/** A queue's mapping that is created disabled is so at once; a stream's passes through Creating (behaviour §1.4). */
export function stateAfterCreate(traits: SourceTraits, enabled: boolean): MappingState {
  return !enabled && traits.progress === 'receipt' ? 'Disabled' : 'Creating'
}

/** The state an update answers with. */
export function stateAfterUpdate(before: MappingState, enabled: boolean): MappingState {
  if (before === 'Disabled') return enabled ? 'Enabling' : 'Disabled'
  return enabled ? 'Updating' : 'Disabling'
}

/** Where a state comes to rest, also after a restart; null: the mapping goes away. */
export function restingState(state: MappingState, enabled: boolean): 'Enabled' | 'Disabled' | null {
  switch (state) {
    case 'Creating':
      return enabled ? 'Enabled' : 'Disabled'
    case 'Enabling':
    case 'Updating':
    case 'Enabled':
      return 'Enabled'
    case 'Disabling':
    case 'Disabled':
      return 'Disabled'
    case 'Deleting':
      return null
    default:
      return state satisfies never
  }
}

/** AWS words the reason differently for the two families (behaviour §1.4). */
export function transitionReason(traits: SourceTraits): string {
  return traits.progress === 'receipt' ? 'USER_INITIATED' : 'User action'
}
