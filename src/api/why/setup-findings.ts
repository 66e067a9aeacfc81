import { isStream } from '../../model/source.ts'
import type { Evidence } from './evidence.ts'
import { depthOf } from './evidence.ts'
import { finding, type Finding } from './finding.ts'
import { duration, functionNoun } from './wording.ts'

/** AWS's advice for a queue that a function is mapped to. */
const visibilityPerTimeout = 6

/** What is set up so that it works badly, whether or not it hurts now. */
export function setupFindings(evidence: Evidence): readonly Finding[] {
  if (isStream(evidence.document.source)) return []
  return [...visibility(evidence), ...redrive(evidence)]
}

function visibility(evidence: Evidence): readonly Finding[] {
  const ownMs = depthOf(evidence)?.visibilityMs ?? null
  const timeoutMs = evidence.sight.function?.kind === 'found' ? evidence.sight.function.timeoutMs : null
  if (ownMs === null || timeoutMs === null) return []
  const windowMs = evidence.document.parameters.MaximumBatchingWindowInSeconds * 1_000
  if (ownMs >= timeoutMs + windowMs) return []
  const window = windowMs === 0 ? '' : ` and the batching window of ${duration(windowMs)}`
  return [
    finding(
      'visibility-too-short',
      `The queue's visibility timeout of ${duration(ownMs)} is shorter than the timeout of ${duration(timeoutMs)} of the ${functionNoun(evidence.document)}${window}: Millrace asks for a longer one with each receive, other consumers do not.`,
      `Set it to at least ${duration(visibilityPerTimeout * timeoutMs + windowMs)}, as AWS advises.`,
    ),
  ]
}

function redrive(evidence: Evidence): readonly Finding[] {
  const depth = depthOf(evidence)
  if (depth === null || depth.redrive !== null) return []
  return [
    finding(
      'no-redrive-policy',
      'The queue has no redrive policy: a message that always fails comes back until the queue drops it. Set one with a dead-letter queue.',
    ),
  ]
}
