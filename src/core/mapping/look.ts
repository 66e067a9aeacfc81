import { backoffMs, pauseAskedMs } from '../backoff.ts'
import { nextLookMs, noteListing } from './discovery.ts'
import { type Turn, ask } from './state.ts'
import type { Described } from './messages.ts'

/** What a look at source and function means for the mapping, and when the next one is due. */
export function noteLook(turn: Turn, result: Described): void {
  const { machine, pace, env, out } = turn
  machine.answered = true
  const isSourceTroubled = result.kind !== 'found' && result.kind !== 'functionMissing'
  if (machine.sourceTroubled && !isSourceTroubled) out.push({ kind: 'sourceHealthy' })
  machine.sourceTroubled = isSourceTroubled
  if (result.kind === 'found') {
    machine.troubles = 0
    const before = machine.discovery.listing?.incarnation
    noteListing(machine.discovery, result, machine.flows, env.monoMs)
    const now = machine.discovery.listing?.incarnation
    if (machine.discovery.isStream && now !== undefined && now !== before)
      ask(turn, { kind: 'attach', incarnation: now })
    const refused = [...machine.flows].filter(([, flow]) => flow.refused).map(([name]) => name)
    machine.lookAtMs = env.monoMs + nextLookMs(machine.discovery, pace, refused)
    return
  }
  machine.troubles++
  const ourMs = backoffMs(machine.troubles, pace.troubleMs, env.jitter)
  if (result.kind === 'functionMissing') {
    machine.lookAtMs = env.monoMs + ourMs
    return
  }
  const retryMs = pauseAskedMs(result.retryAfterMs, ourMs)
  machine.lookAtMs = env.monoMs + retryMs
  out.push({ kind: 'sourceTrouble', trouble: result.kind, message: result.message, retryMs })
}
