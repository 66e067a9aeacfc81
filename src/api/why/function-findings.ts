import type { FlowStatus, FunctionTrouble, Trouble } from '../../engine/mappings.ts'
import { isStream } from '../../model/source.ts'
import type { Evidence } from './evidence.ts'
import { flowsOf } from './evidence.ts'
import { finding, type Finding } from './finding.ts'
import { retrySentence } from './retry-sentence.ts'
import { clockTime, duration, ended, functionNoun, since } from './wording.ts'

/** Why the function does not run, or never succeeds. */
export function functionFindings(evidence: Evidence): readonly Finding[] {
  const { status, sight } = evidence
  const troubled = flowsOf(evidence).filter((flow) => flow.functionTrouble !== null)
  const [first] = troubled.toSorted((one, other) => beginOf(one) - beginOf(other))
  const ofFlow = first?.functionTrouble ?? null
  if (first !== undefined && ofFlow !== null) return [ofFlowFinding(evidence, first, ofFlow)]
  if (status?.functionTrouble) return [missing(evidence, status.functionTrouble)]
  if (sight.function?.kind !== 'missing') return []
  return [missing(evidence, { message: sight.function.message, sinceMs: null })]
}

function beginOf({ functionTrouble }: FlowStatus): number {
  return functionTrouble?.sinceMs ?? 0
}

function ofFlowFinding(evidence: Evidence, flow: FlowStatus, trouble: FunctionTrouble): Finding {
  const when = since(trouble.sinceMs, evidence.nowMs)
  const noun = functionNoun(evidence.document)
  const message = withoutKind(trouble)
  switch (trouble.kind) {
    case 'missing':
      return missing(evidence, { message, sinceMs: trouble.sinceMs })
    case 'unreachable':
      return finding(
        'function-unreachable',
        `Nothing answers at ${urlOf(evidence)} for the ${noun} ${when}: ${ended(withoutHead(message, urlOf(evidence)))}`,
        `Check that it runs and can be reached from here.`,
        nothingLost(evidence),
      )
    case 'throttled':
      return finding('function-throttled', throttled(evidence, when), nothingLost(evidence))
    case 'denied':
      return finding(
        'function-denied',
        `The ${noun} may not be invoked with these credentials ${when}: ${ended(message)}`,
        `Grant lambda:InvokeFunction.`,
        nothingLost(evidence),
      )
    case 'unavailable':
      return finding(
        'function-unavailable',
        `${urlOf(evidence)} answers for the ${noun} with an error of its own, before it runs, ${when}: ${ended(message)}`,
        `Look into the log of that endpoint.`,
        nothingLost(evidence),
      )
    case 'oversize':
      return finding(
        'record-too-big',
        `A record does not fit into an event ${when}: ${ended(message)} It can never be delivered.`,
        retrySentence(evidence, flow),
      )
    default:
      return finding(
        'function-failing',
        `The ${noun} ${failures(trouble, evidence.nowMs)}: ${ended(trouble.message)}`,
        retrySentence(evidence, flow),
        `Its own log says more.`,
      )
  }
}

function failures({ attempts, sinceMs }: FunctionTrouble, nowMs: number): string {
  if (attempts === 1) return `failed at ${clockTime(sinceMs, nowMs)} (${duration(nowMs - sinceMs)} ago)`
  return `failed its last ${attempts} attempts ${since(sinceMs, nowMs)}`
}

function missing(evidence: Evidence, trouble: Pick<Trouble, 'message'> & { readonly sinceMs: number | null }): Finding {
  const { document, nowMs, surroundings } = evidence
  const when = trouble.sinceMs === null ? '' : ` ${since(trouble.sinceMs, nowMs)}`
  const where = surroundings.functionEndpoint === null ? '' : ` at ${surroundings.functionEndpoint}`
  return finding(
    'function-missing',
    `The ${functionNoun(document)} does not exist${where}${when}: ${ended(withoutKind(trouble))}`,
    `Create it, name it under functions:, or correct FunctionName.`,
    flowsOf(evidence).length === 0 ? 'Nothing is read until then.' : nothingLost(evidence),
  )
}

/** The engine says `unreachable: connect ECONNREFUSED`; the sentence has said the first word itself. */
function withoutKind({ kind = 'missing', message }: { readonly kind?: string; readonly message: string }): string {
  return withoutHead(message, kind)
}

function withoutHead(message: string, head: string): string {
  return message.startsWith(`${head}: `) ? message.slice(head.length + 2) : message
}

function urlOf({ hosted, surroundings }: Evidence): string {
  return hosted?.urls.join(' or ') ?? surroundings.functionEndpoint ?? 'the Lambda endpoint'
}

/** Spec §13.8: reproduced as on AWS, so it has to be said. */
function throttled({ document, hosted }: Evidence, when: string): string {
  const limit = hosted?.reservedConcurrency
  const noun = functionNoun(document)
  const cause =
    limit === undefined ? `The ${noun} throttles` : `The reservedConcurrency of ${limit} of the ${noun} throttles`
  const advice = `${cause} ${when}: raise its concurrency, or lower that of the mapping.`
  if (isStream(document.source)) return advice
  return `${advice} A message that is throttled until its visibility ends is received again, so that a low limit drives healthy messages to the dead-letter queue, as on AWS.`
}

function nothingLost({ document }: Evidence): string {
  return isStream(document.source)
    ? 'Such attempts do not count: the records wait.'
    : 'Such attempts do not count: messages wait here as long as they are ours.'
}
