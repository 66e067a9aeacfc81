import type { FlowStatus, MappingStatus } from '../engine/mappings.ts'
import { functionFailures, sourceFailures } from '../model/failure.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { FunctionSettings } from '../model/settings.ts'
import { isStream } from '../model/source.ts'
import type { MappingCounts } from './api-deps.ts'

/** Why nothing fires: the first sentence is the answer, the others are what to look at next. */
export interface Explanation {
  readonly uuid: string
  readonly answer: string
  readonly sentences: readonly string[]
}

export interface Evidence {
  readonly document: MappingDocument
  readonly status: MappingStatus | undefined
  readonly counts: MappingCounts | undefined
  /** The function, where the config hosts it. */
  readonly hosted: FunctionSettings | undefined
}

export function explain(evidence: Evidence): Explanation {
  const sentences = [
    ...stateSentences(evidence.document),
    ...pauseSentences(evidence),
    ...functionSentences(evidence),
    ...flowSentences(evidence),
    ...filterSentences(evidence),
    ...errorSentences(evidence),
  ]
  const [answer = healthy(evidence)] = sentences
  return { uuid: evidence.document.uuid, answer, sentences: sentences.length === 0 ? [answer] : sentences }
}

function stateSentences({ state, uuid }: MappingDocument): readonly string[] {
  switch (state) {
    case 'Enabled':
      return []
    case 'Disabled':
    case 'Disabling':
      return [
        `The mapping is ${state}, so nothing is read. \`millrace mappings update ${uuid} --enabled\` turns it on.`,
      ]
    case 'Deleting':
      return ['The mapping is being deleted: it finishes what is in flight and reads nothing more.']
    case 'Creating':
    case 'Enabling':
    case 'Updating':
      return [`The mapping is ${state}: it is on its way and reads as soon as it is Enabled.`]
    default:
      return state satisfies never
  }
}

/** Reasons of the engine: its own life, or what the source answers. */
function pauseSentences({ document, status }: Evidence): readonly string[] {
  return (status?.pauseReasons ?? []).flatMap((reason) => {
    if (reason === 'disabled') return []
    if (reason === 'drain')
      return document.state === 'Enabled' ? ['Millrace is shutting down: it reads nothing more.'] : []
    const [whose, kind = ''] = reason.split(' ')
    if (whose === 'source' && isKeyOf(sourceFailures, kind)) {
      return [`${document.sourceName}: ${sourceFailures[kind].advice}`]
    }
    if (whose === 'function') return kind === 'missing' || kind === 'noLambda' ? [absentFunction(document, kind)] : []
    return [`It is held up: ${reason}.`]
  })
}

function absentFunction({ functionArn }: MappingDocument, kind: 'missing' | 'noLambda'): string {
  return `${functionArn}: ${functionFailures[kind].advice}`
}

/** Batches that wait do so for a function that did not run, or that failed. */
function functionSentences({ document, hosted, status }: Evidence): readonly string[] {
  const waiting = status?.flows.some((flow) => flow.waiting > 0) ?? false
  const [kind = ''] = status?.lastError?.message.split(':', 1) ?? []
  if (!waiting || !isKeyOf(functionFailures, kind)) return []
  if (kind === 'throttled') return [throttleSentence(document, hosted)]
  return [`${document.functionArn}: ${functionFailures[kind].advice}`]
}

/** Spec §13.8: reproduced as on AWS, so it has to be said. */
function throttleSentence({ functionArn, source }: MappingDocument, hosted: FunctionSettings | undefined): string {
  const limit = hosted?.reservedConcurrency
  const cause =
    limit === undefined
      ? `The function ${functionArn} throttles`
      : `The function's reservedConcurrency of ${limit} throttles`
  const rest = 'batches are kept and tried again, without counting as attempts.'
  if (isStream(source)) return `${cause}: ${rest}`
  return `${cause}: ${rest} A message that is throttled until its visibility ends is received again, and a low limit so drives healthy messages to the dead-letter queue, as on AWS.`
}

function flowSentences({ document, status }: Evidence): readonly string[] {
  const limit = 5
  const flows = status?.flows ?? []
  const said = flows.flatMap((flow) => flowSentence(flow, document))
  return said.length > limit
    ? [...said.slice(0, limit), `${said.length - limit} more shards or queues say the same.`]
    : said
}

function flowSentence(flow: FlowStatus, document: MappingDocument): readonly string[] {
  const where = flow.flow === 'queue' ? 'The queue' : `Shard ${flow.flow}`
  // What the source answers has been said for all flows together.
  if (flow.trouble !== null) return []
  if (flow.waiting > 0) {
    return [
      `${where}: ${flow.waiting} batches wait for their next attempt or for a free invocation.${blockedUntil(document)}`,
    ]
  }
  const window = document.parameters.MaximumBatchingWindowInSeconds
  if (flow.held > 0 && flow.invoking === 0 && window > 0) {
    return [
      `${where}: ${flow.held} records are held until the batching window of ${window} s ends or the batch is full.`,
    ]
  }
  return []
}

/** What ends the retries of a stream's batch: without a limit it is retention alone. */
function blockedUntil({ parameters, source }: MappingDocument): string {
  if (!isStream(source)) return ''
  const attempts = parameters.MaximumRetryAttempts ?? -1
  const age = parameters.MaximumRecordAgeInSeconds ?? -1
  const ends = [
    attempts === -1 ? '' : `after ${attempts} retries`,
    age === -1 ? '' : `when they are ${age} s old`,
  ].filter((end) => end !== '')
  if (ends.length > 0) return ` Records that keep failing are given up ${ends.join(' or ')}; later ones wait.`
  return ' Records that keep failing are retried until the stream drops them, and later ones wait: set MaximumRetryAttempts, MaximumRecordAgeInSeconds or BisectBatchOnFunctionError.'
}

function filterSentences({ counts, document }: Evidence): readonly string[] {
  if (counts === undefined || document.parameters.FilterCriteria === undefined) return []
  const { filteredOut, polled } = counts
  if (filteredOut === 0) return []
  if (filteredOut >= polled) {
    return [
      `Every one of the ${polled} records read since the start was filtered out: no pattern of FilterCriteria matches.`,
    ]
  }
  return [`${filteredOut} of ${polled} records read since the start were filtered out.`]
}

function errorSentences({ status }: Evidence): readonly string[] {
  if (status === undefined || status.lastError === null) return []
  const { atMs, message } = status.lastError
  return [`The last error, at ${new Date(atMs).toISOString()}: ${message}`]
}

function healthy({ document, status }: Evidence): string {
  const flows = status?.flows ?? []
  if (flows.length === 0) return `Nothing is open yet: ${document.sourceName} has not been reached.`
  const invoking = flows.reduce((total, flow) => total + flow.invoking, 0)
  if (invoking > 0) return `It is running: ${invoking} batches are in the function now.`
  const latest = document.parameters.StartingPosition === 'LATEST'
  const hint = latest ? ' StartingPosition LATEST skips what was written before the mapping was created.' : ''
  return `Nothing is wrong: ${document.sourceName} is being read, and nothing is there that the function has not had.${hint}`
}

function isKeyOf<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key)
}
