import { expect, it } from 'vitest'
import { realFlow } from './real-flow.ts'
import type { Entry } from './trace.ts'
import type { ScenarioKind } from './world/scenario.ts'
import { runSeed } from './world/run.ts'

/** What an entry shows of the machine's corners; a simulation that never goes there proves nothing about them. */
function cornersOf(entry: Entry): string[] {
  if (entry.kind === 'crashed' || entry.kind === 'gone') return [entry.kind === 'gone' ? entry.how : 'crashed']
  if (entry.kind === 'event') {
    const { event } = entry
    if (event.kind === 'readDone') return [`read ${event.result.kind}`]
    if (event.kind === 'invoked') return [`attempt ${event.outcome.kind}`]
    if (event.kind === 'discarded') return [`discard ${event.fate}`]
    if (event.kind === 'looked') return [`looked ${event.answer}`]
    if (event.kind === 'extended') return [event.failed.length > 0 ? 'extend refused' : 'extended']
    if (event.kind === 'settled' && event.failed.length > 0) return ['settle refused']
    return [event.kind]
  }
  if (entry.kind !== 'command') return []
  const { command } = entry
  switch (command.kind) {
    case 'invoke':
      if (command.window === null) return ['invoke']
      return [
        command.window.isTerminatedEarly ? 'window ended early' : command.window.isFinal ? 'window closed' : 'window',
      ]
    case 'attemptFailed':
      return [`then ${command.next.kind}`, `failed ${command.outcome.kind}`]
    case 'discard':
      return [command.condition]
    case 'dropped':
      return [`dropped ${command.reason}`]
    case 'positionLost':
      return [`lost ${command.reason}`]
    case 'checkpoint':
      return command.checkpoint.completed.length > 0 ? ['completed runs'] : ['checkpoint']
    case 'cancel':
    case 'drained':
    case 'extend':
    case 'filtered':
    case 'finished':
    case 'giveBack':
    case 'permit':
    case 'read':
    case 'release':
    case 'settle':
    case 'sourceHealthy':
    case 'sourceTrouble':
    case 'functionHealthy':
    case 'functionTrouble':
    case 'look':
      return [command.kind]
    default:
      return command satisfies never
  }
}

const everywhere = [
  ...['read records', 'read throttled', 'read failed', 'read missing', 'read denied'],
  ...[
    'attempt succeeded',
    'attempt partial',
    'attempt failed',
    'attempt notRun',
    'then retry',
    'then drain',
    'giveBack',
  ],
  ...['configured', 'draining', 'drained', 'crashed', 'cancelled', 'sourceTrouble', 'sourceHealthy'],
]

it.each([
  {
    kind: 'queue',
    corners: [
      ...[
        'deleted',
        'dlq',
        'extend',
        'extended',
        'extend refused',
        'settle',
        'settle refused',
        'release',
        'dropped visibility',
        'then visibility',
        'then answer',
      ],
      ...[
        'looked answers',
        'looked unreachable',
        'looked missing',
        'looked unknown',
        'functionTrouble',
        'functionHealthy',
      ],
    ],
  },
  {
    kind: 'shard',
    corners: [
      ...['read expired', 'read trimmed', 'read recreated', 'lost trimmed', 'lost recreated', 'leaseLost', 'fenced'],
      ...['window', 'window closed', 'window ended early', 'completed runs', 'finished', 'then split', 'then discard'],
      ...['RetryAttemptsExhausted', 'RecordAgeExceeded', 'failed oversize', 'dropped retention', 'trimmed'],
      ...['discard delivered', 'discard undeliverable', 'discard undestined'],
    ],
  },
] as const)('the simulated $kind goes into every corner within a few hundred seeds', ({ kind, corners }) => {
  const reached = new Map<string, number>()
  for (let seed = 1; seed <= 400; seed++) {
    runSeed(seed, kind satisfies ScenarioKind, realFlow, (entry) => {
      for (const corner of cornersOf(entry)) reached.set(corner, (reached.get(corner) ?? 0) + 1)
    })
  }
  expect([...everywhere, ...corners].filter((corner) => !reached.has(corner))).toEqual([])
})
