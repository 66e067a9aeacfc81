import type { Look, MappingExamination } from '../model/examination.ts'
import type { MappingDocument } from '../model/mapping.ts'
import type { FileMapping } from '../model/settings.ts'
import { isStream } from '../model/source.ts'
import type { DescribeResult, FunctionDescription, Source, SourceOpener, Target } from '../ports.ts'

/** The looks outside, each with the adapter that a start would use. */
export interface Examiners {
  readonly opener: SourceOpener
  readonly functions: Pick<Target, 'describe'>
  readonly lookAtDestination: (arn: string, signal: AbortSignal) => Promise<Look>
}

const lookMsMax = 10_000

/** Looks at source, function and destination of a mapping. Nothing is invoked, received or sent. */
export async function examineMapping(mapping: FileMapping, examiners: Examiners): Promise<MappingExamination> {
  const signal = AbortSignal.timeout(lookMsMax)
  const destination = mapping.parameters.DestinationConfig?.OnFailure?.Destination
  const [source, described, sink] = await Promise.all([
    guarded(signal, () => lookAtSource(mapping, examiners.opener, signal)),
    guarded(signal, () => examiners.functions.describe(mapping.parameters.FunctionName, signal)),
    destination ? guarded(signal, () => examiners.lookAtDestination(destination, signal)) : null,
  ])
  return {
    mapping,
    source: 'visibilityMs' in source ? { kind: 'found' } : source,
    visibilityMs: 'visibilityMs' in source ? source.visibilityMs : null,
    function: lookOfFunction(described),
    timeoutMs: described.kind === 'found' && 'timeoutMs' in described ? described.timeoutMs : null,
    destination: sink,
  }
}

type Unknown = { readonly kind: 'unknown'; readonly message: string }

/** A look that fails or hangs shows nothing. */
async function guarded<T>(signal: AbortSignal, look: () => Promise<T>): Promise<T | Unknown> {
  const { promise, resolve } = Promise.withResolvers<Unknown>()
  const giveUp = () => resolve({ kind: 'unknown', message: `no answer within ${lookMsMax} ms` })
  signal.addEventListener('abort', giveUp, { once: true })
  const failed = (error: unknown): Unknown => ({
    kind: 'unknown',
    message: error instanceof Error ? error.message : String(error),
  })
  return await Promise.race([look().catch(failed), promise])
}

type SourceLook = Exclude<Look, { kind: 'found' }> | { readonly visibilityMs: number | null }

async function lookAtSource(mapping: FileMapping, opener: SourceOpener, signal: AbortSignal): Promise<SourceLook> {
  const source = opener.open(documentOf(mapping))
  try {
    const found = await source.describe(signal)
    if (found.kind !== 'found') return refusalOf(found)
    if (isStream(mapping.source)) return (await readOnce(source, found, signal)) ?? { visibilityMs: null }
    return { visibilityMs: found.visibilityMs }
  } finally {
    await source.close()
  }
}

function documentOf({ source, sourceName, parameters }: FileMapping): MappingDocument {
  const nothing = { stateTransitionReason: '', createdMs: 0, lastModifiedMs: 0, lastProcessingResult: '' }
  return {
    uuid: '',
    state: 'Creating',
    origin: 'file',
    sourceName,
    source,
    functionArn: parameters.FunctionName,
    // The adapters look at nothing but the source.
    parameters: parameters as MappingDocument['parameters'],
    tags: {},
    ...nothing,
  }
}

/** Reading a stream takes nothing from it; receiving from a queue would count. */
async function readOnce(
  source: Source,
  { shards }: Extract<DescribeResult, { kind: 'found' }>,
  signal: AbortSignal,
): Promise<Exclude<Look, { kind: 'found' }> | undefined> {
  const shard = shards.find(({ closed }) => !closed) ?? shards[0]
  if (shard === undefined) return undefined
  const from = { at: 'horizon' } as const
  const place = { shardId: shard.shardId, recordsMax: 1, waitMs: 0, visibilityMs: null, attemptId: 'examination' }
  const read = await source.read({ ...place, from }, signal)
  return read.kind === 'denied' ? { kind: 'denied', message: read.message } : undefined
}

function refusalOf({ kind, message }: Exclude<DescribeResult, { kind: 'found' }>): Exclude<Look, { kind: 'found' }> {
  return { kind: kind === 'missing' || kind === 'denied' ? kind : 'unknown', message }
}

function lookOfFunction(described: FunctionDescription | Unknown): Look {
  switch (described.kind) {
    case 'found':
      return { kind: 'found' }
    case 'missing':
    case 'noLambda':
      return { kind: 'missing', message: described.message }
    case 'unknown':
      return described
    default:
      return described satisfies never
  }
}
