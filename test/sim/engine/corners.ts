import type { Observation } from './observation.ts'

/** What an observation shows of the corners of the engine; a simulation that never goes there proves nothing about them. */
export function cornersOf(seen: Observation): readonly string[] {
  switch (seen.kind) {
    case 'process':
      return [`process ${seen.is}`]
    case 'asked':
      return [
        seen.what,
        ...(seen.from === null ? [] : [`from ${seen.from.at}`]),
        ...(seen.older ? ['older stream'] : []),
      ]
    case 'stored':
      return [seen.state ?? 'removed']
    case 'written':
      return [
        `checkpoint ${seen.answer}`,
        ...(seen.checkpoint.done ? ['shard end'] : []),
        ...(seen.checkpoint.completed.length > 0 ? ['completed runs'] : []),
        ...(seen.checkpoint.window === null ? [] : ['window']),
        ...(seen.checkpoint.incarnation === 'life 1' ? [] : ['next life']),
      ]
    case 'dropped':
      return [`dropped ${seen.reason}`]
    case 'answered':
      return [seen.acked.length > 0 ? 'acknowledged' : 'failed']
    case 'called':
      return [`asked for ${seen.wants.state}`]
    case 'extended':
      return [seen.refused.length > 0 ? 'extension refused' : 'extended']
    case 'delivered':
    case 'refused':
    case 'accepted':
      return [seen.kind]
    case 'put':
    case 'received':
    case 'released':
    case 'invoked':
    case 'session':
    case 'healed':
    case 'converged':
      return []
    default:
      return seen satisfies never
  }
}

export const everywhere = [
  ...['process crashed', 'process cut off', 'process stopping', 'process aborted', 'process stopped'],
  ...[
    'describe',
    'read',
    'settle',
    'extend',
    'extended',
    'extension refused',
    'release',
    'from horizon',
    'from after',
    'from time',
  ],
  ...['from latest', 'older stream'],
  ...['Creating', 'Enabling', 'Enabled', 'Updating', 'Disabling', 'Disabled', 'Deleting', 'removed'],
  ...['checkpoint written', 'checkpoint fenced', 'shard end', 'completed runs', 'window', 'next life'],
  ...['dropped undestined', 'dropped undeliverable', 'delivered', 'acknowledged', 'failed'],
  ...['asked for Enabled', 'asked for Disabled', 'asked for gone', 'accepted', 'refused'],
]
