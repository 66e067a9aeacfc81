import type { FlowStatus, FunctionTrouble, FunctionTroubleKind, Trouble } from '../../model/mapping-status.ts'
import { isStream } from '../../model/source.ts'
import type { Evidence } from './evidence.ts'
import { flowsOf } from './evidence.ts'
import { finding, type Finding } from './finding.ts'
import { retrySentence } from './retry-sentence.ts'
import { clockTime, duration, ended, functionNoun, since, sinceThen } from './wording.ts'

/** Why the function does not run, or never succeeds. */
export function functionFindings(evidence: Evidence): readonly Finding[] {
  const { status, sight } = evidence
  const troubled = flowsOf(evidence).filter((flow) => flow.functionTrouble !== null)
  const [first] = troubled.toSorted((one, other) => beginOf(one) - beginOf(other))
  if (first?.functionTrouble) return [troubleFinding(evidence, first.functionTrouble, first)]
  if (status?.functionTrouble) return [troubleFinding(evidence, status.functionTrouble, null)]
  const seen = sight.function
  if (seen === null || (seen.kind !== 'missing' && seen.kind !== 'noLambda')) return []
  return [troubleFinding(evidence, { ...seen, sinceMs: null }, null)]
}

function beginOf({ functionTrouble }: FlowStatus): number {
  return functionTrouble?.sinceMs ?? 0
}

type Seen = Pick<Trouble<FunctionTroubleKind>, 'kind' | 'message'> & { readonly sinceMs: number | null }

/** `flow`: the one whose attempts ended so; null: no attempt was made, somebody looked. */
function troubleFinding(evidence: Evidence, trouble: Seen, flow: FlowStatus | null): Finding {
  const when = trouble.sinceMs === null ? '' : ` (${sinceThen(trouble.sinceMs, evidence.nowMs)})`
  const message = withoutHead(trouble.message, trouble.kind)
  const noun = functionNoun(evidence.document)
  switch (trouble.kind) {
    case 'missing':
    case 'noLambda':
      return absent(evidence, { kind: trouble.kind, when, message })
    case 'unreachable':
      return finding(
        'function-unreachable',
        `Nothing answers at ${urlOf(evidence)} for the ${noun}${when}: ${ended(withoutHead(message, urlOf(evidence)))}`,
        `Check that it runs and can be reached from here.`,
        nothingReceived(evidence),
      )
    case 'throttled':
      return finding('function-throttled', throttled(evidence, when), nothingLost(evidence))
    case 'denied':
      return finding(
        'function-denied',
        `The ${noun} may not be invoked with these credentials${when}: ${ended(message)}`,
        `Grant lambda:InvokeFunction.`,
        nothingReceived(evidence),
      )
    case 'unavailable':
      return finding(
        'function-unavailable',
        `${urlOf(evidence)} answers for the ${noun} with an error of its own, before it runs${when}: ${ended(message)}`,
        `Look into the log of that endpoint.`,
        nothingLost(evidence),
      )
    case 'oversize':
      return finding(
        'record-too-big',
        `A record does not fit into an event${when}: ${ended(message)} It can never be delivered.`,
        flow === null ? '' : retrySentence(evidence, flow),
      )
    case 'failed':
      return finding(
        'function-failing',
        `The ${noun} ${failures(flow?.functionTrouble ?? null, evidence.nowMs)}: ${ended(trouble.message)}`,
        flow === null ? '' : retrySentence(evidence, flow),
        `Its own log says more.`,
      )
    default:
      return trouble.kind satisfies never
  }
}

function failures(trouble: FunctionTrouble | null, nowMs: number): string {
  if (trouble === null) return 'failed'
  const { attempts, sinceMs } = trouble
  if (attempts === 1) return `failed at ${clockTime(sinceMs, nowMs)} (${duration(nowMs - sinceMs)} ago)`
  return `failed its last ${attempts} attempts ${since(sinceMs, nowMs)}`
}

interface Absence {
  readonly kind: 'missing' | 'noLambda'
  readonly when: string
  readonly message: string
}

function absent(evidence: Evidence, { kind, when, message }: Absence): Finding {
  const { document, hosted, sight, surroundings } = evidence
  const noun = functionNoun(document)
  if (sight.function?.kind === 'found' && hosted === undefined) {
    const was = `The ${noun} was missing${when} and is there now: it is tried again in a few seconds.`
    return finding('function-missing', was, `The last answer was: ${ended(message)}`)
  }
  const until = flowsOf(evidence).length === 0 ? 'Nothing is read until then.' : nothingReceived(evidence)
  if (kind === 'noLambda') {
    return finding('no-lambda', `No Lambda is there to run the ${noun}${when}: ${ended(message)}`, setALambda, until)
  }
  const where = surroundings.functionEndpoint === null ? '' : ` at ${surroundings.functionEndpoint}`
  return finding(
    'function-missing',
    `The ${noun} does not exist${where}${when}: ${ended(message)}`,
    `Create it, name it under functions:, or correct FunctionName.`,
    until,
  )
}

const setALambda =
  'Set aws.endpoints.lambda or AWS_ENDPOINT_URL_LAMBDA to the endpoint that runs it, or name it, with its URL, under functions:.'

/** The engine says `unreachable: connect ECONNREFUSED`; the sentence has said the first word itself. */
function withoutHead(message: string, head: string): string {
  return message.startsWith(`${head}: `) ? message.slice(head.length + 2) : message
}

function urlOf({ hosted, surroundings }: Evidence): string {
  return hosted?.urls.join(' or ') ?? surroundings.functionEndpoint ?? 'the Lambda endpoint'
}

/** Behaviour §13.8: reproduced as on AWS, so it has to be said. */
function throttled({ document, hosted }: Evidence, when: string): string {
  const limit = hosted?.reservedConcurrency
  const noun = functionNoun(document)
  const cause =
    limit === undefined ? `The ${noun} throttles` : `The reservedConcurrency of ${limit} of the ${noun} throttles`
  const advice = `${cause}${when}: raise its concurrency, or lower that of the mapping.`
  if (isStream(document.source)) return advice
  return `${advice} A message that is throttled until its visibility ends is received again, so that a low limit drives healthy messages to the dead-letter queue, as on AWS.`
}

function nothingLost({ document }: Evidence): string {
  return isStream(document.source)
    ? 'Such attempts do not count: the records wait.'
    : 'Such attempts do not count: messages wait here as long as they are ours.'
}

/** While a function cannot be invoked at all, a queue keeps its messages: receives would only wear them out. */
function nothingReceived(evidence: Evidence): string {
  return isStream(evidence.document.source)
    ? nothingLost(evidence)
    : 'Nothing more is received until it can be invoked.'
}
