import type { MappingDocument } from '../model/mapping.ts'
import type { MappingRest, Unrest, UnrestKind } from '../model/mapping-rest.ts'
import { isStream } from '../model/source.ts'
import type { IdleDeps, IdleQuestion } from './idle-sweep.ts'
import { counted, functionNoun, sourceNoun } from './why/wording.ts'

/** Where the mappings of one question stand at one moment, as far as this process knows by itself. */
export interface Standing {
  readonly documents: readonly MappingDocument[]
  /** All that has happened until now, as text: equal texts mean that nothing did in between. */
  readonly mark: string
  /** When something happened last. */
  readonly activeMs: number
  /** How long nothing may have happened. */
  readonly quietMs: number
  readonly reasons: readonly string[]
  /** The shards that are read, and when the newest read began that found nothing more. */
  readonly tips: readonly {
    readonly document: MappingDocument
    readonly shardId: string
    readonly tipMs: number | null
  }[]
}

/** A table's change comes to its stream by itself, a little later. */
const laggingMs = 50

export function standingOf(question: IdleQuestion, deps: Omit<IdleDeps, 'checkSource' | 'queueDepth'>): Standing {
  const documents = question.mappings().filter(({ state }) => state !== 'Disabled')
  const others = deps.others()
  const known = documents.map((document) => ({ document, rest: deps.rest(document.uuid) }))
  const damage = ({ uuid }: MappingDocument): Unrest => ({
    kind: 'busy',
    text: deps.mappings.damageOf(uuid) ?? 'it does not run.',
  })
  return {
    documents,
    mark: [others.activity, ...known.map(({ document, rest }) => `${document.uuid} ${rest?.activity ?? ''}`)].join(),
    activeMs: Math.max(others.activeMs, ...known.map(({ rest }) => rest?.activeMs ?? 0)),
    quietMs: question.quietMs ?? (documents.some(({ source }) => source === 'dynamodb') ? laggingMs : 0),
    reasons: [
      ...deps.health.notReady().map((reason) => `Millrace is not ready: ${reason}.`),
      ...(others.count > 0 ? [`${counted(others.count, 'asynchronous invocation', 'has', 'have')} not ended.`] : []),
      ...known.flatMap(({ document, rest }) => told(document, rest?.reasons ?? [damage(document)], question.ignore)),
    ],
    tips: known.flatMap(({ document, rest }) => tipsOf(document, rest)),
  }
}

function tipsOf(document: MappingDocument, rest: MappingRest | undefined): Standing['tips'] {
  if (rest === undefined || !isStream(document.source)) return []
  return [...rest.flows].map(([shardId, { tipMs }]) => ({ document, shardId, tipMs }))
}

/** Why it is not time to look at the sources yet, for somebody who has waited since then. */
export function waitsFor(standing: Standing, sinceMs: number, nowMs: number): readonly string[] {
  const { activeMs, quietMs, reasons, tips } = standing
  if (reasons.length > 0) return reasons
  const baseMs = Math.max(sinceMs, activeMs) + quietMs
  if (nowMs < baseMs) return [`Something may have happened less than ${quietMs} ms ago.`]
  const behind = tips.filter(({ tipMs }) => tipMs === null || tipMs <= baseMs)
  return behind.map(({ document, shardId }) => `${nameOf(document)}: shard ${shardId} is not read to its tip yet.`)
}

export function told(
  document: MappingDocument,
  reasons: readonly Unrest[],
  ignore: ReadonlySet<UnrestKind>,
): readonly string[] {
  return reasons.filter(({ kind }) => !ignore.has(kind)).map(({ text }) => `${nameOf(document)}: ${text}`)
}

function nameOf(document: MappingDocument): string {
  return `${sourceNoun(document)} to ${functionNoun(document)}`
}
