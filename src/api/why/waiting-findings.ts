import { sourceOf } from '../../model/arn.ts'
import { plural } from '../../model/plural.ts'
import type { Evidence } from './evidence.ts'
import { flowsOf } from './evidence.ts'
import { finding, type Finding } from './finding.ts'
import { counted, due, functionNoun, since } from './wording.ts'

/** Batches and records that are ready and wait for a place, a window or a destination. */
export function waitingFindings(evidence: Evidence): readonly Finding[] {
  return [...forInvocation(evidence), ...forDestination(evidence), ...forWindow(evidence)]
}

function forInvocation(evidence: Evidence): readonly Finding[] {
  const waiting = batchesIn(evidence, 'permit')
  if (waiting === 0) return []
  const { hosted, surroundings } = evidence
  const own =
    hosted === undefined
      ? ''
      : ` The function takes ${hosted.urls.length * hosted.concurrencyPerUrl} at once (its URLs times concurrencyPerUrl).`
  return [
    finding(
      'waits-for-invocation',
      `${counted(waiting, 'batch', 'waits', 'wait')} for a free invocation: Millrace makes ${surroundings.maxInvocations} at once in all (maxInvocations).${own}`,
      held(evidence),
    ),
  ]
}

/** The one that has held places for the longest is the one to look at. */
function held({ nowMs, surroundings: { holders } }: Evidence): string {
  const [holder] = holders
  if (holder === undefined) return ''
  const { functionArn, heldMs, places, source } = holder
  const name = sourceOf(source)?.resource ?? source
  const oldest = since(nowMs - heldMs, nowMs)
  return `The mapping of ${name} to the ${functionNoun({ functionArn })} holds ${places} of them, the oldest ${oldest}.`
}

function forDestination(evidence: Evidence): readonly Finding[] {
  const waiting = batchesIn(evidence, 'landing')
  const destination = evidence.document.parameters.DestinationConfig?.OnFailure?.Destination
  if (waiting === 0 || destination === undefined) return []
  return [
    finding(
      'waits-for-destination',
      `${counted(waiting, 'batch', 'was', 'were')} given up and ${waiting === 1 ? 'waits' : 'wait'} until ${destination} has taken the record of it: check that it exists and may be written to.`,
    ),
  ]
}

function batchesIn(evidence: Evidence, wanted: string): number {
  return flowsOf(evidence).reduce(
    (total, { detail }) => total + detail.batches.filter(({ step }) => step === wanted).length,
    0,
  )
}

function forWindow(evidence: Evidence): readonly Finding[] {
  const { document, nowMs } = evidence
  const { MaximumBatchingWindowInSeconds: windowS, BatchSize: size } = document.parameters
  if (windowS === 0) return []
  const held = flowsOf(evidence).filter(
    ({ held: count, invoking, waiting }) => count > 0 && invoking === 0 && waiting === 0,
  )
  const count = held.reduce((total, flow) => total + flow.held, 0)
  if (count === 0) return []
  const ends = held.flatMap(({ detail }) => detail.windowEndsInMs ?? [])
  const when = ends.length === 0 ? '' : ` ${due(nowMs + Math.min(...ends), nowMs)}`
  return [
    finding(
      'waits-for-window',
      `${counted(count, 'record', 'is', 'are')} held until the batching window of ${plural(windowS, 'second')} ends${when}, or BatchSize ${size} is reached.`,
    ),
  ]
}
