import type { FailedAttempt, FlowStatus } from '../../model/mapping-status.ts'
import { plural } from '../../model/plural.ts'
import { isStream } from '../../model/source.ts'
import type { Evidence } from './evidence.ts'
import { depthOf } from './evidence.ts'
import { due } from './wording.ts'

/** What becomes of the batch that failed last: which attempt it was, and when the next one comes. */
export function retrySentence(evidence: Evidence, { lastFailure }: FlowStatus): string {
  if (lastFailure === null) return ''
  const { nowMs } = evidence
  const { attempt, nextMs, next } = lastFailure
  if (isStream(evidence.document.source)) {
    return next === 'discard' ? 'Its records were given up: a limit of the mapping ended their retries.' : ''
  }
  const which = `${messagesOf(lastFailure)} (receive ${attempt}${ofMax(evidence)})`
  if (next === 'visibility' && nextMs !== null) {
    if (isLast(evidence, attempt))
      return `${which}: the queue moves it to ${deadLetterOf(evidence)} ${due(nextMs, nowMs)}.`
    return `${which} comes again ${due(nextMs, nowMs)}, when its visibility ends.`
  }
  if (next === 'retry' && nextMs !== null) return `${which} is tried again ${due(nextMs, nowMs)}.`
  return ''
}

function messagesOf({ firstId, records }: FailedAttempt): string {
  if (records > 1) return `A batch of ${plural(records, 'message')} that begins with ${firstId ?? 'an unknown one'}`
  return `Message ${firstId ?? ''}`
}

function ofMax(evidence: Evidence): string {
  const redrive = depthOf(evidence)?.redrive ?? null
  return redrive === null ? '' : ` of ${redrive.receivesMax}`
}

function isLast(evidence: Evidence, attempt: number): boolean {
  const redrive = depthOf(evidence)?.redrive ?? null
  return redrive !== null && attempt >= redrive.receivesMax
}

function deadLetterOf(evidence: Evidence): string {
  const arn = depthOf(evidence)?.redrive?.deadLetterArn ?? ''
  return arn.slice(arn.lastIndexOf(':') + 1)
}
