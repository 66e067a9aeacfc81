import type { FlowStatus } from '../../model/mapping-status.ts'
import type { MappingDocument } from '../../model/mapping.ts'
import { plural } from '../../model/plural.ts'
import { isStream } from '../../model/source.ts'
import type { Evidence } from './evidence.ts'
import { flowsOf } from './evidence.ts'
import { finding, type Finding } from './finding.ts'
import { atMost } from './many.ts'
import { counted, due, duration, ended } from './wording.ts'

type Batch = FlowStatus['detail']['batches'][number]

/** Shards that do not get on: which record blocks, and what waits for it. */
export function shardFindings(evidence: Evidence): readonly Finding[] {
  if (!isStream(evidence.document.source)) return []
  const flows = flowsOf(evidence)
  const blocked = flows.flatMap((flow) => {
    const batch = flow.detail.batches.find(({ attempts, step }) => attempts > 0 && step !== 'landing')
    return batch === undefined ? [] : [blockedShard(evidence, flow, batch)]
  })
  const waiting = flows.flatMap(({ flow, waitsFor }) =>
    waitsFor.length === 0
      ? []
      : [
          finding(
            'shard-waits-for-parent',
            `Shard ${flow} waits until its parent ${waitsFor.join(' and ')} has been read to its end.`,
          ),
        ],
  )
  return [...atMost(blocked, 'shards are blocked as well'), ...atMost(waiting, 'shards wait for their parents as well')]
}

function blockedShard({ nowMs, document }: Evidence, flow: FlowStatus, batch: Batch): Finding {
  const { attempts, nextInMs, behind, step } = batch
  const error = flow.lastFailure === null ? '' : `: ${ended(flow.lastFailure.message)}`
  const next =
    nextInMs !== null
      ? `The next attempt is due ${due(nowMs + nextInMs, nowMs)}.`
      : step === 'invoking'
        ? 'The next attempt is with the function now.'
        : ''
  const waits = behind === 0 ? 'Later records wait.' : `${counted(behind, 'record', 'waits', 'wait')} behind it here.`
  return finding(
    'shard-blocked',
    `Shard ${flow.flow} is blocked by ${recordOf(batch, nowMs)}: ${plural(attempts, 'attempt')} failed${error === '' ? '.' : error}`,
    next,
    waits,
    endOfRetries(document),
  )
}

function recordOf({ first, final, records }: Batch, nowMs: number): string {
  if (final) return 'the final invocation of its tumbling window'
  if (first === null) return 'a batch'
  const record = `record ${first.position} (written ${duration(Math.max(0, nowMs - first.arrivedMs))} ago)`
  return records === 1 ? record : `a batch of ${records} that begins with ${record}`
}

/** What ends the retries: without a limit it is retention alone. */
function endOfRetries({ parameters }: MappingDocument): string {
  const attempts = parameters.MaximumRetryAttempts ?? -1
  const age = parameters.MaximumRecordAgeInSeconds ?? -1
  const ends = [attempts === -1 ? '' : `after ${attempts} retries`, age === -1 ? '' : `at an age of ${age} s`]
  const limits = ends.filter((end) => end !== '')
  if (limits.length > 0) return `Records that keep failing are given up ${limits.join(' or ')}.`
  const bisect = parameters.BisectBatchOnFunctionError === true ? '' : ', and BisectBatchOnFunctionError'
  return `It is tried until the stream drops it: set MaximumRetryAttempts or MaximumRecordAgeInSeconds${bisect}.`
}
