import { ApiError } from '../model/api-error.ts'
import type { MappingDocument, MappingParameters } from '../model/mapping.ts'
import { refuseDuplicate } from '../model/mapping-rules.ts'
import { validateCreate, validateUpdate, type ValidationContext } from '../model/mapping-validation.ts'
import { Sequence } from '../async/sequence.ts'
import { isStream } from '../model/source.ts'
import type { ApiDeps, SourceCandidate } from './api-deps.ts'
import { checkFunction, checkSettled, checkSourceAccess, checkVisibility } from './mapping-checks.ts'

/** Create, get, update and delete as the Lambda API has them: bodies in, documents or an `ApiError` out. */
export interface MappingOperations {
  create(body: unknown): Promise<MappingDocument>
  get(uuid: string): MappingDocument
  update(uuid: string, body: unknown): Promise<MappingDocument>
  delete(uuid: string): Promise<MappingDocument>
}

type Deps = Pick<ApiDeps, 'mappings' | 'functions' | 'checkSource' | 'checkPattern' | 'place' | 'clock'>

/** The longest that a create waits for a source or a function to say that it is there. */
const lookMsMax = 10_000
const noAnswer = 'it did not answer in time'

export function createMappingOperations(deps: Deps, lookMs = lookMsMax): MappingOperations {
  const { mappings } = deps
  /** Between a check and the change that it allows nobody else gets in. */
  const changes = new Sequence<string>()
  const context = (): ValidationContext => ({ nowMs: deps.clock.wallMs(), checkPattern: deps.checkPattern })

  const get = (uuid: string): MappingDocument => {
    const document = mappings.get(uuid)
    if (document !== undefined) return document
    throw new ApiError('ResourceNotFoundException', 'The resource you requested does not exist.')
  }

  const describeFunction = async (name: string, sourceName: string) => {
    const late = { kind: 'unknown', message: noAnswer } as const
    const description = await inTime((signal) => deps.functions.describe(name, signal), late, lookMs)
    return checkFunction(name, description, { sourceName, place: deps.place })
  }

  const lookAt = (candidate: SourceCandidate) =>
    inTime((signal) => deps.checkSource(candidate, signal), { kind: 'failed', message: noAnswer }, lookMs)

  async function create(body: unknown): Promise<MappingDocument> {
    const { parameters, source, sourceName, tags } = validateCreate(body, context())
    const { functionArn, timeoutMs } = await describeFunction(parameters.FunctionName, sourceName)
    const request = { origin: 'api', sourceName, functionArn, parameters, tags } as const
    return changes.run(sourceName, async () => {
      refuseDuplicate(mappings.list(), { source, sourceName, functionArn })
      const result = await lookAt({ ...request, source })
      checkSourceAccess(source, sourceName, result, runMsOf(parameters, timeoutMs))
      return mappings.create(request)
    })
  }

  async function update(uuid: string, body: unknown): Promise<MappingDocument> {
    const { sourceName } = get(uuid)
    return changes.run(sourceName, async () => {
      const current = get(uuid)
      const { namesFunction, parameters } = validateUpdate(body, current, context())
      checkSettled(current, 'update')
      if (!namesFunction) return mappings.update(uuid, { parameters })
      const { functionArn, timeoutMs } = await describeFunction(parameters.FunctionName, sourceName)
      refuseDuplicate(mappings.list(), { ...current, functionArn }, uuid)
      await checkQueue({ ...current, functionArn, parameters }, runMsOf(parameters, timeoutMs))
      return mappings.update(uuid, { functionArn, parameters })
    })
  }

  /** An update that names a function looks at the queue's visibility again; what cannot be told is no reason to refuse. */
  async function checkQueue(changed: MappingDocument, runMs: number | null): Promise<void> {
    if (isStream(changed.source) || runMs === null) return
    const result = await lookAt(changed)
    if (result.kind === 'found') checkVisibility(result.visibilityMs, runMs)
  }

  async function remove(uuid: string): Promise<MappingDocument> {
    return changes.run(get(uuid).sourceName, async () => {
      checkSettled(get(uuid), 'delete')
      return mappings.delete(uuid)
    })
  }

  return { create, get, update, delete: remove }
}

/** How long the visibility has to last for the function; null: nobody knows, or it is extended while the function runs. */
function runMsOf({ extendVisibility }: MappingParameters, timeoutMs: number | null): number | null {
  return extendVisibility === true ? null : timeoutMs
}

/** A look that takes too long ends as `late`. */
async function inTime<T>(look: (signal: AbortSignal) => Promise<T>, late: T, lookMs: number): Promise<T> {
  const signal = AbortSignal.timeout(lookMs)
  try {
    return await look(signal)
  } catch (error) {
    if (signal.aborted) return late
    throw error
  }
}
