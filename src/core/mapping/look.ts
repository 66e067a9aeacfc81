import { backoffMs, pauseAskedMs } from '../backoff.ts'
import { nextLookMs, noteListing } from './discovery.ts'
import { type Turn, ask } from './state.ts'
import type { Described } from './messages.ts'

/** What a look at source and function means for the mapping, and when the next one is due. */
export function noteLook(turn: Turn, result: Described): void {
  const { state, config, env, commands } = turn
  state.answered = true
  const isSourceTroubled = result.kind !== 'found' && result.kind !== 'functionMissing'
  if (state.sourceTroubled && !isSourceTroubled) commands.push({ kind: 'sourceHealthy' })
  state.sourceTroubled = isSourceTroubled
  if (result.kind === 'found') {
    state.troubles = 0
    const before = state.discovery.listing?.incarnation
    noteListing(state.discovery, result, state.flows, env.monoMs)
    const now = state.discovery.listing?.incarnation
    if (state.discovery.isStream && now !== undefined && now !== before) ask(turn, { kind: 'attach', incarnation: now })
    state.lookAtMs = env.monoMs + nextLookMs(state.discovery, config, state.refused)
    return
  }
  state.troubles++
  const ourMs = backoffMs(state.troubles, config.troubleMs, env.jitter)
  if (result.kind === 'functionMissing') {
    state.lookAtMs = env.monoMs + ourMs
    return
  }
  const retryMs = pauseAskedMs(result.retryAfterMs, ourMs)
  state.lookAtMs = env.monoMs + retryMs
  commands.push({ kind: 'sourceTrouble', trouble: result.kind, message: result.message, retryMs })
}
