import { processingResults } from '../../model/failure.ts'
import { plural } from '../../model/plural.ts'
import { isStream } from '../../model/source.ts'
import type { Evidence } from './evidence.ts'
import { depthOf, flowsOf } from './evidence.ts'
import { finding, type Finding } from './finding.ts'
import { clockTime, counted, duration, since, sourceNoun } from './wording.ts'

/** Further behind than this is worth a word. */
const behindMsMin = 10_000

/** Where nothing was found that keeps it: what it does. */
export function restFinding(evidence: Evidence): Finding {
  const { document, nowMs } = evidence
  const noun = sourceNoun(document)
  const flows = flowsOf(evidence)
  if (flows.length === 0) return finding('not-open', `The ${noun} is not read yet: it has not been reached.`)
  const invoking = flows.reduce((total, flow) => total + flow.invoking, 0)
  if (invoking > 0) return running(evidence, invoking)
  const behind = behindSentence(evidence)
  if (behind !== '') return finding('behind', behind)
  if (document.parameters.StartingPosition === 'LATEST' && isUntouched(evidence)) {
    return finding(
      'begins-at-latest',
      `Nothing has been written to the ${noun} ${since(document.createdMs, nowMs)}, when the mapping began: StartingPosition LATEST skips what was there before.`,
      `To have that as well, make a mapping with TRIM_HORIZON.`,
    )
  }
  const visible = depthOf(evidence)?.visible ?? 0
  if (visible > 0)
    return finding(
      'messages-visible',
      `The ${noun} is read: ${counted(visible, 'message', 'is', 'are')} about to be received.`,
    )
  return finding(
    'nothing-wrong',
    `Nothing is wrong: the ${noun} is being read, and nothing is there that the function has not had.`,
    latestHint(evidence),
  )
}

/** Nothing was ever read, also not by a process before this one, whose positions would be there. */
function isUntouched({ counts, status, document }: Evidence): boolean {
  const isUnprocessed = document.lastProcessingResult === processingResults.none
  const hasPositions = (status?.flows ?? []).some(({ watermark }) => watermark !== null)
  return isUnprocessed && !hasPositions && (counts?.polled ?? 0) === 0
}

function latestHint({ document, nowMs }: Evidence): string {
  if (document.parameters.StartingPosition !== 'LATEST') return ''
  return `StartingPosition LATEST skips what was written before ${clockTime(document.createdMs, nowMs)}, when the mapping began.`
}

function running(evidence: Evidence, invoking: number): Finding {
  const { document } = evidence
  const flows = flowsOf(evidence)
  const longestMs = Math.max(
    0,
    ...flows.flatMap(({ detail }) => detail.batches.flatMap(({ runsForMs }) => runsForMs ?? [])),
  )
  const concurrency = flows.reduce((total, flow) => total + flow.concurrency, 0)
  const visible = depthOf(evidence)?.visible ?? 0
  const most = document.parameters.ScalingConfig?.MaximumConcurrency
  const limit = most === undefined ? `as many as run at once now` : `MaximumConcurrency is ${most}`
  const full =
    invoking >= concurrency && visible > 0
      ? `${counted(visible, 'message', 'waits', 'wait')} in the queue: ${limit}.`
      : ''
  return finding(
    'running',
    `It is running: ${counted(invoking, 'batch', 'is', 'are')} in the function now${longestMs < 1_000 ? '' : `, the longest for ${duration(longestMs)}`}.`,
    full,
    behindSentence(evidence),
  )
}

function behindSentence(evidence: Evidence): string {
  if (!isStream(evidence.document.source)) return ''
  const [last] = flowsOf(evidence).toSorted((one, other) => (other.behindMs ?? 0) - (one.behindMs ?? 0))
  if (last === undefined || (last.behindMs ?? 0) < behindMsMin) return ''
  const { flow, behindMs, held } = last
  return `It is reading: shard ${flow} is ${duration(behindMs ?? 0)} behind, with ${plural(held, 'record')} held here.`
}
