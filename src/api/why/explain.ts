import type { MappingStatus } from '../../model/mapping-status.ts'
import type { Evidence } from './evidence.ts'
import { filterFindings } from './filter-findings.ts'
import { finding, type Cause, type Finding } from './finding.ts'
import { functionFindings } from './function-findings.ts'
import { queueFindings } from './queue-findings.ts'
import { restFinding } from './rest-finding.ts'
import { setupFindings } from './setup-findings.ts'
import { shardFindings } from './shard-findings.ts'
import { isSourceDown, sourceFindings } from './source-findings.ts'
import { damageFindings, storeFindings } from './store-findings.ts'
import { stateFindings } from './state-findings.ts'
import { waitingFindings } from './waiting-findings.ts'
import { clockTime, duration, ended, sourceNoun } from './wording.ts'

/** Why nothing fires: the first sentence is the answer, the others are what to look at next. */
export interface Explanation {
  readonly uuid: string
  readonly source: string
  readonly functionArn: string
  readonly state: string
  /** What the answer is, in one word. */
  readonly cause: Cause
  readonly answer: string
  readonly findings: readonly Finding[]
  readonly sentences: readonly string[]
}

/** The judgement alone: everything it rests on has been looked at before. */
export function explain(evidence: Evidence): Explanation {
  const { document } = evidence
  const found = causesOf(evidence)
  const [answer = restFinding(evidence), ...more] = found
  const findings = distinct([answer, ...more, ...notesOf(evidence, found)])
  return {
    uuid: document.uuid,
    source: document.sourceName,
    functionArn: document.functionArn,
    state: document.state,
    cause: answer.cause,
    answer: answer.sentence,
    findings,
    sentences: findings.map(({ sentence }) => sentence),
  }
}

/** Of a mapping whose source or function cannot be told. */
export function explainNameless({ uuid, source, functionArn, state }: MappingStatus, damage: string): Explanation {
  const named = { uuid, source, functionArn, state }
  return { ...named, cause: 'set-aside', answer: damage, findings: [finding('set-aside', damage)], sentences: [damage] }
}

/** What keeps it, the widest first: each of these makes what follows less interesting. */
function causesOf(evidence: Evidence): readonly Finding[] {
  const damage = damageFindings(evidence)
  if (damage.length > 0) return damage
  const state = [...storeFindings(evidence), ...stateFindings(evidence)]
  if (evidence.document.state === 'Disabled') return state
  const source = sourceFindings(evidence)
  const causes = [...state, ...source, ...functionCauses(evidence), ...shardFindings(evidence)]
  // Of a source that cannot be read the numbers say nothing.
  if (isSourceDown(source)) return causes
  const all = filterFindings(evidence).filter(({ cause }) => cause === 'all-filtered')
  return [...causes, ...waitingFindings(evidence), ...queueFindings(evidence), ...all]
}

/** What became of a failing batch says more than that the function fails. */
function functionCauses(evidence: Evidence): readonly Finding[] {
  const found = functionFindings(evidence)
  const fates = [...shardFindings(evidence), ...waitingFindings(evidence)].map(({ cause }) => cause)
  if (!fates.includes('shard-blocked') && !fates.includes('waits-for-destination')) return found
  return found.filter(({ cause }) => cause !== 'function-failing')
}

function notesOf(evidence: Evidence, found: readonly Finding[]): readonly Finding[] {
  if (evidence.document.state === 'Disabled') return []
  return [
    ...filterFindings(evidence).filter(({ cause }) => cause === 'some-filtered'),
    ...setupFindings(evidence),
    ...blindness(evidence),
    ...lastError(evidence, found),
  ]
}

/** A queue that did not answer in time, while its reads have nothing to complain about. */
function blindness({ sight, document }: Evidence): readonly Finding[] {
  if (sight.source !== null && sight.depth !== null) return []
  return [
    finding('not-looked-at', `The ${sourceNoun(document)} did not answer just now, so its numbers are missing here.`),
  ]
}

/** What went wrong last, unless a sentence has told it already. */
function lastError({ nowMs, status }: Evidence, found: readonly Finding[]): readonly Finding[] {
  if (status === undefined || status.lastError === null) return []
  const { atMs, message } = status.lastError
  const [kind = '', ...rest] = message.split(': ')
  const bare = rest.length === 0 ? message : rest.join(': ')
  const isTold = found.some(({ cause, sentence }) => cause === `function-${kind}` || sentence.includes(bare))
  if (isTold) return []
  const when = `${clockTime(atMs, nowMs)} (${duration(nowMs - atMs)} ago)`
  return [finding('last-error', `The last error, at ${when}: ${ended(message)}`)]
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ sentence }, index) => findings.findIndex((other) => other.sentence === sentence) === index)
}
