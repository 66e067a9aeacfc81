import type { FlowStatus } from '../../model/mapping-status.ts'
import { plural } from '../../model/plural.ts'
import { isStream } from '../../model/source.ts'
import type { Evidence } from './evidence.ts'
import { depthOf, flowsOf } from './evidence.ts'
import { finding, type Finding } from './finding.ts'
import { atMost } from './many.ts'
import { counted, due, duration } from './wording.ts'

type Group = FlowStatus['detail']['groups'][number]

/** What messages of a queue wait for although they could be run. */
export function queueFindings(evidence: Evidence): readonly Finding[] {
  if (isStream(evidence.document.source)) return []
  return [...groupFindings(evidence), ...hiddenFindings(evidence), ...countFindings(evidence)]
}

function groupFindings(evidence: Evidence): readonly Finding[] {
  const groups = flowsOf(evidence).flatMap(({ detail }) => detail.groups)
  const visible = depthOf(evidence)?.visible ?? 0
  const found = groups.map((group) => finding('group-held-back', ...groupSentences(evidence, group)))
  const hidden = groups.filter(({ step }) => step === 'hidden').length
  if (found.length === 0 || hidden === 0 || visible === 0) return atMost(found, 'groups wait as well')
  const which = hidden === 1 ? 'the group' : 'these groups'
  const all = `The queue shows ${plural(visible, 'message')} as visible: those of ${which} wait until then.`
  return [...atMost(found, 'groups wait as well'), finding('group-held-back', all)]
}

function groupSentences({ nowMs }: Evidence, { group, messageId, step, endsInMs, behind }: Group): readonly string[] {
  const ends = endsInMs === null ? '' : due(nowMs + endsInMs, nowMs)
  switch (step) {
    case 'hidden':
      return [
        `Message group ${group} is held back behind message ${messageId}, which was not handled: the queue gives nothing of the group until its visibility ends ${ends}.`,
        behind === 0
          ? ''
          : `${counted(behind, 'message', 'was', 'were')} received with it and ${behind === 1 ? 'waits' : 'wait'} as well.`,
      ]
    case 'invoking':
      return [
        `Message group ${group} waits behind message ${messageId}, which is in the function: ${counted(behind, 'message', 'waits', 'wait')} here.`,
      ]
    case 'permit':
    case 'waiting':
    case 'landing':
      return [
        `Message group ${group} waits behind message ${messageId}, which is tried again${ends === '' ? ' soon' : ` ${ends}`}: ${counted(behind, 'message', 'waits', 'wait')} here.`,
      ]
    default:
      return step satisfies never
  }
}

/** In a FIFO queue the groups have said it. */
function hiddenFindings(evidence: Evidence): readonly Finding[] {
  const { nowMs, document } = evidence
  if (document.source === 'sqs-fifo') return []
  return flowsOf(evidence).flatMap(({ detail, functionTrouble, lastFailure }) => {
    const { count, firstInMs, firstId } = detail.hidden
    // The sentence of a function that fails has told of its last batch.
    if (firstInMs === null || (functionTrouble !== null && count <= (lastFailure?.records ?? 0))) return []
    const again = due(nowMs + firstInMs, nowMs)
    const which = count === 1 ? `message ${firstId ?? ''}` : `the first of them, ${firstId ?? ''},`
    return [
      finding(
        'message-waits-for-visibility',
        `${counted(count, 'message', 'was', 'were')} not handled and ${count === 1 ? 'waits' : 'wait'} for the next try: the queue shows ${which} again ${again}, when its visibility ends.`,
      ),
    ]
  })
}

function countFindings(evidence: Evidence): readonly Finding[] {
  const depth = depthOf(evidence)
  if (depth === null) return []
  const elsewhere = Math.max(0, depth.inFlight - evidence.sight.heldHere)
  const visibility = depth.visibilityMs === null ? '' : ` (${duration(depth.visibilityMs)} for this queue)`
  return [
    ...(elsewhere === 0
      ? []
      : [
          finding(
            'messages-elsewhere',
            `${counted(elsewhere, 'message', 'is', 'are')} in flight elsewhere: another consumer of the queue has ${elsewhere === 1 ? 'it' : 'them'}, or a process that ended with ${elsewhere === 1 ? 'it' : 'them'}.`,
            `What is not deleted comes here when its visibility${visibility} ends. Stop the other consumer if this mapping is to have every message.`,
          ),
        ]),
    ...(depth.delayed === 0
      ? []
      : [
          finding(
            'messages-delayed',
            `${counted(depth.delayed, 'message', 'is', 'are')} delayed: the queue shows ${depth.delayed === 1 ? 'it' : 'them'} when the delay (DelaySeconds of the message or of the queue) ends.`,
          ),
        ]),
  ]
}
