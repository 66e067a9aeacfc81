import type { FlowStatus, Trouble } from '../../model/mapping-status.ts'
import type { SourceKind } from '../../model/source.ts'
import type { Evidence } from './evidence.ts'
import { flowsOf } from './evidence.ts'
import { finding, type Cause, type Finding } from './finding.ts'
import { ended, sinceThen, sourceNoun, upperFirst } from './wording.ts'

/** Why the source is not read: what its reads and looks were answered, or what the look was that was made just now. */
export function sourceFindings(evidence: Evidence): readonly Finding[] {
  const { status, sight } = evidence
  const flows = flowsOf(evidence).filter((flow) => flow.sourceTrouble !== null)
  const byKind = Map.groupBy(flows, (flow) => flow.sourceTrouble?.kind ?? '')
  if (byKind.size > 0) return [...byKind.values()].map((troubled) => flowTrouble(evidence, troubled))
  if (status?.sourceTrouble) return [troubleFinding(evidence, status.sourceTrouble)]
  const seen = sight.source
  if (seen === null || seen.kind === 'found') return []
  return [troubleFinding(evidence, { kind: seen.kind, message: seen.message, sinceMs: null })]
}

/** Said once for all shards that are answered the same. */
function flowTrouble(evidence: Evidence, troubled: readonly FlowStatus[]): Finding {
  const troubles = troubled.flatMap(({ sourceTrouble }) => sourceTrouble ?? [])
  const [first] = troubles.toSorted((one, other) => one.sinceMs - other.sinceMs)
  const flows = flowsOf(evidence)
  const some = troubled.length === flows.length ? '' : `${troubled.length} of ${flows.length} shards`
  return troubleFinding(evidence, first ?? { kind: 'failed', message: '', sinceMs: null }, some)
}

type Seen = Pick<Trouble, 'kind' | 'message'> & { readonly sinceMs: number | null }

function troubleFinding(evidence: Evidence, trouble: Seen, some = ''): Finding {
  const { document, nowMs, surroundings, sight } = evidence
  const noun = sourceNoun(document)
  const subject = some === '' ? `The ${noun}` : `${some} of the ${noun}`
  const begun = trouble.sinceMs === null ? '' : sinceThen(trouble.sinceMs, nowMs)
  const when = begun === '' ? '' : ` (${begun})`
  const known = [begun, trouble.message].filter((part) => part !== '')
  const answered = known.length === 0 ? '' : ` (${known.join('; ')})`
  switch (trouble.kind) {
    case 'missing':
      if (sight.source?.kind === 'found') return backAgain(noun)
      return finding(
        'source-missing',
        `${subject} does not exist at ${surroundings.sourceEndpoint}${answered}.`,
        `Create it, or correct EventSourceArn: it is attached when it appears.`,
      )
    case 'denied':
      return finding(
        'source-denied',
        `${subject} may not be read with these credentials${answered}.`,
        `Grant ${rights[document.source]}: reading goes on by itself.`,
      )
    case 'throttled':
      return finding(
        'source-throttled',
        `${subject} asks for fewer requests${answered}: reading goes on more slowly.`,
        `Other readers of it share its limits.`,
      )
    case 'expired':
      return finding('source-expired', `${subject} lets its iterators expire${when}: the same place is read again.`)
    default:
      return finding(
        'source-unreachable',
        `${subject} cannot be read at ${surroundings.sourceEndpoint}${when}: ${ended(trouble.message)}`,
        `Check that the endpoint runs and can be reached from here.`,
      )
  }
}

function backAgain(noun: string): Finding {
  return finding(
    'source-missing',
    `${upperFirst(`the ${noun}`)} was missing and is there now: it is read in a few seconds.`,
  )
}

const rights: Readonly<Record<SourceKind, string>> = {
  sqs: queueRights(),
  'sqs-fifo': queueRights(),
  kinesis: 'kinesis:DescribeStreamSummary, ListShards, GetShardIterator and GetRecords',
  dynamodb: 'dynamodb:DescribeStream, ListStreams, GetShardIterator and GetRecords',
}

function queueRights(): string {
  return 'sqs:GetQueueUrl, GetQueueAttributes, ReceiveMessage, DeleteMessage and ChangeMessageVisibility'
}

/** The causes under which a source is not read at all. */
export function isSourceDown(findings: readonly Finding[]): boolean {
  const down: readonly Cause[] = ['source-missing', 'source-denied', 'source-unreachable']
  return findings.some(({ cause }) => down.includes(cause))
}
