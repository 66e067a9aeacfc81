import type { MappingEvent, MappingRequest, Described } from '../core/mapping/messages.ts'
import { parseArn } from '../model/arn.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { Log } from '../observe/log.ts'
import type { FunctionDescription } from '../ports.ts'
import type { EngineContext } from './engine-context.ts'
import type { MappingTroubles } from './mapping-troubles.ts'
import type { MappingView } from './mapping-view.ts'
import { untilStored } from './until-stored.ts'
import { tellOfVanished } from './vanished-stream.ts'

export interface MappingWork {
  readonly engine: EngineContext
  readonly view: MappingView
  readonly troubles: MappingTroubles
  readonly document: MappingDocument
  /** No flow runs yet. */
  readonly isIdle: boolean
  /** Lays what was seen over the document. */
  readonly learn: (changes: Partial<MappingDocument>) => void
  readonly save: () => Promise<void>
  readonly remove: () => Promise<void>
  readonly reconfigure: () => void
  readonly signal: AbortSignal
  readonly log: Log
}

/** Carries one request of a mapping out. Never rejects: whatever goes wrong, the request is answered. */
export async function performForMapping(
  request: Exclude<MappingRequest, { kind: 'startFlow' }>,
  work: MappingWork,
): Promise<MappingEvent> {
  const { id } = request
  try {
    switch (request.kind) {
      case 'load':
        return { kind: 'loaded', id, done: await doneFlows(work) }
      case 'describe':
        return { kind: 'described', id, result: await describe(work) }
      case 'attach':
        await attach(request.incarnation, work)
        return { kind: 'attached', id }
      case 'configure':
        await configure(work)
        return { kind: 'configured', id }
      case 'save':
        await written(work, () => work.save())
        return { kind: 'saved', id }
      case 'forget':
        await written(work, () => work.engine.services.store.deleteCheckpoint(work.document.uuid, request.flow))
        return { kind: 'forgotten', id }
      case 'remove':
        await written(work, () => work.remove())
        return { kind: 'removed', id }
      default:
        return request satisfies never
    }
  } catch (error) {
    if (!work.signal.aborted) work.log.error({ error, request: request.kind }, 'A step of the mapping threw an error.')
    return answerAfterError(request, String(error), work.signal.aborted)
  }
}

function answerAfterError(request: MappingRequest, message: string, aborted: boolean): MappingEvent {
  if (request.kind === 'describe' && !aborted) {
    return { kind: 'described', id: request.id, result: { kind: 'failed', message } }
  }
  return { kind: 'cancelled', id: request.id }
}

async function doneFlows(work: MappingWork) {
  const { store } = work.engine.services
  const kept = await written(work, () => store.checkpoints(work.document.uuid))
  return kept
    .filter(({ checkpoint }) => checkpoint.done)
    .map(({ flow, checkpoint }) => ({ flow, incarnation: checkpoint.incarnation }))
}

/** Looks at the source and at the function. What changed since the last look reaches the running flows. */
async function describe(work: MappingWork): Promise<Described> {
  const { view, document, signal } = work
  const before = view.fingerprint(document)
  const since = attachedTo(document)
  const [result, described] = await Promise.all([
    view.source.describe(signal, since),
    describeFunction(work),
    lookAtFunction(work),
  ])
  noteFunction(work, described)
  if (result.kind !== 'found') return result
  view.noteSource(result)
  await tellOfVanished(work, since, result)
  if (isNamed(document) && result.arn !== '' && result.arn !== document.sourceArn) {
    // In one write with what it replaces: an older stream that nobody wrote down would never be read to its end.
    work.learn({ sourceArn: result.arn, attachedArn: result.older?.[0]?.arn })
  }
  // Messages that are received without a function to run them only wear out; what runs already waits as AWS's pollers do.
  const isNowhere = described.kind === 'missing' || described.kind === 'noLambda'
  if (work.isIdle && isNowhere) return { kind: 'functionMissing' }
  if (!work.isIdle && view.fingerprint(document) !== before) work.reconfigure()
  return { kind: 'found', incarnation: result.incarnation, shards: result.shards, older: result.older }
}

function isNamed({ sourceName }: MappingDocument): boolean {
  return parseArn(sourceName) === undefined
}

/** The stream that a mapping of a name reads; null: none was seen yet. */
function attachedTo({ attachedArn, sourceArn }: MappingDocument): string | null {
  return attachedArn ?? sourceArn ?? null
}

/** In the store before anything of that stream is read: what follows it is found by it. */
async function attach(incarnation: string, work: MappingWork): Promise<void> {
  const { view, document, log } = work
  const arn = view.arnOf(incarnation)
  if (!isNamed(document) || arn === undefined) return
  if (arn !== attachedTo(document)) {
    work.learn({ attachedArn: arn === document.sourceArn ? undefined : arn })
    log.info({ stream: arn }, 'The mapping goes on in the next stream of its table.')
  }
  await written(work, () => work.save())
}

async function configure(work: MappingWork): Promise<void> {
  noteFunction(work, await describeFunction(work))
  if (!work.isIdle) work.reconfigure()
}

/** Before anything runs: a message that is received for a function which nobody reaches has spent a receive. */
async function lookAtFunction({ engine, view, document, isIdle, signal }: MappingWork): Promise<void> {
  if (!isIdle || isStream(document.source)) return
  const look = engine.services.target.look(document.parameters.FunctionName, signal)
  view.noteReach((await look.catch(() => 'unknown')) === 'unreachable')
}

/** What cannot be told now stays unknown; that is no reason to stand still. */
async function describeFunction({ engine, document, signal }: MappingWork): Promise<FunctionDescription> {
  try {
    return await engine.services.target.describe(document.parameters.FunctionName, signal, true)
  } catch (error) {
    return { kind: 'unknown', message: String(error) }
  }
}

function noteFunction({ view, document, troubles }: MappingWork, described: FunctionDescription): void {
  troubles.functionSeen(document.parameters.FunctionName, described)
  if (described.kind !== 'found') return
  view.noteFunction(document.parameters.FunctionName, {
    timeoutMs: described.timeoutMs,
    capacity: described.concurrency,
  })
}

/** A state that is not written down is none. */
function written<T>({ engine, signal, log }: MappingWork, write: () => Promise<T>): Promise<T> {
  return untilStored(write, {
    clock: engine.services.clock,
    signal,
    failed: (error, tries) => log.debug({ error, tries }, 'The store refused; it is tried until it does not.'),
  })
}
