import { isSettled, stateAfterCreate, stateAfterUpdate, transitionReason } from '../core/mapping-states.ts'
import { ApiError } from '../model/api-error.ts'
import { parseFunctionName, sourceKindOf } from '../model/arn.ts'
import { processingResults } from '../model/failure.ts'
import { isSameMapping, mappingKey, type Adoption, type MappingDocument } from '../model/mapping.ts'
import { isStream, sourceTraits } from '../model/source.ts'
import type { EngineContext } from './engine-context.ts'
import { MappingRunner } from './mapping-runner.ts'
import type { CreateMapping, MappingChanges, Mappings, MappingStatus } from './mappings.ts'

/** All mappings of the process. What it answers is written down before it answers. */
export class Registry implements Mappings {
  readonly #engine: EngineContext
  readonly #runners = new Map<string, MappingRunner>()
  /** The last write of each mapping: writes of one mapping keep their order. */
  readonly #writes = new Map<string, Promise<void>>()
  /** What changes replaced that are not written down yet, oldest first. */
  readonly #unwritten = new Map<string, readonly Undo[]>()
  /** Who waits for a mapping to come to rest. */
  readonly #waiters = new Map<string, (() => void)[]>()
  /** Mappings of which a change is being written: until the store has taken it nobody can tell what the next one changes. */
  readonly #changing = new Set<string>()
  /** Keys of creates that are being written. */
  readonly #reserved = new Set<string>()

  #started = false
  #stopping = false

  constructor(engine: EngineContext) {
    this.#engine = engine
  }

  /** Takes over what an earlier process left, in whatever state. Nothing runs before `start`. */
  async load(): Promise<void> {
    for (const document of await this.#engine.services.store.mappings()) this.#add(document)
  }

  start(): void {
    this.#started = true
    for (const runner of this.#runners.values()) runner.start()
  }

  /** Resolves when the mapping is in no transition, or gone. */
  async settled(uuid: string): Promise<MappingDocument | undefined> {
    for (let document = this.get(uuid); ; document = this.get(uuid)) {
      if (document === undefined || isSettled(document.state)) return document
      await new Promise<void>((resolve) => {
        this.#waiters.set(uuid, [...(this.#waiters.get(uuid) ?? []), resolve])
      })
    }
  }

  list(): readonly MappingDocument[] {
    return [...this.#runners.values()].map((runner) => runner.document)
  }

  get(uuid: string): MappingDocument | undefined {
    return this.#runners.get(uuid)?.document
  }

  async create(request: CreateMapping): Promise<MappingDocument> {
    this.#refuseWhileStopping()
    const document = this.#documentOf(request)
    const key = mappingKey(document)
    const other = this.list().find((each) => isSameMapping(each, document))
    if (other !== undefined || this.#reserved.has(key)) throw conflict(document, other)
    this.#reserved.add(key)
    try {
      await this.#enqueue(document.uuid, () => this.#engine.services.store.putMapping(document))
    } finally {
      this.#reserved.delete(key)
    }
    // The drain that has begun meanwhile does not know of it: the next start runs it.
    if (this.#stopping) return document
    const runner = this.#add(document)
    if (this.#started) runner.start()
    return document
  }

  async update(uuid: string, changes: MappingChanges): Promise<MappingDocument> {
    const runner = this.#settledRunner(uuid)
    const before = runner.document
    const state = stateAfterUpdate(before.state, changes.parameters.Enabled)
    const after = { ...before, ...changes }
    const other = this.list().find((each) => each.uuid !== uuid && isSameMapping(each, after))
    if (other !== undefined) throw conflict(after, other)
    return this.#change(runner, { ...changes, state, ...this.#userChange(before) })
  }

  async delete(uuid: string): Promise<MappingDocument> {
    const runner = this.#settledRunner(uuid)
    return this.#change(runner, { state: 'Deleting', ...this.#userChange(runner.document) })
  }

  async tag(uuid: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const runner = this.#runner(uuid)
    await this.#lay(runner, { tags: { ...runner.document.tags, ...tags } })
  }

  async untag(uuid: string, keys: readonly string[]): Promise<void> {
    const runner = this.#runner(uuid)
    const kept = Object.entries(runner.document.tags).filter(([key]) => !keys.includes(key))
    await this.#lay(runner, { tags: Object.fromEntries(kept) })
  }

  /** Writes down how an adoption stands; nothing of what runs here changes. */
  async note(uuid: string, adopted: Adoption): Promise<void> {
    await this.#lay(this.#runner(uuid), { adopted })
  }

  status(uuid: string): MappingStatus | undefined {
    return this.#runners.get(uuid)?.status()
  }

  /** Drains every mapping; resolves when nothing is in flight and every checkpoint is written. */
  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()))
    await Promise.allSettled(this.#writes.values())
  }

  /** Cuts off what is still out. */
  abort(): void {
    for (const runner of this.#runners.values()) runner.abort()
  }

  #add(document: MappingDocument): MappingRunner {
    const { uuid } = document
    const runner = new MappingRunner(this.#engine, document, {
      save: async () => {
        await this.#enqueue(uuid, () => this.#engine.services.store.putMapping(this.#durable(runner)))
        this.#tellSettled(uuid)
      },
      remove: () => this.#enqueue(uuid, () => this.#engine.services.store.deleteMapping(uuid)),
      removed: () => {
        this.#runners.delete(uuid)
        this.#writes.delete(uuid)
        this.#tellSettled(uuid)
      },
    })
    this.#runners.set(uuid, runner)
    return runner
  }

  #tellSettled(uuid: string): void {
    const waiters = this.#waiters.get(uuid) ?? []
    this.#waiters.delete(uuid)
    for (const tell of waiters) tell()
  }

  /** In use from this moment on, so that nobody else changes it. */
  async #change(runner: MappingRunner, changes: Partial<MappingDocument>): Promise<MappingDocument> {
    const { uuid } = runner.document
    this.#changing.add(uuid)
    try {
      const after = await this.#lay(runner, changes)
      runner.changed()
      return after
    } finally {
      this.#changing.delete(uuid)
    }
  }

  /** Lays members over the document and writes it down. They alone are undone when the store refuses: others may change meanwhile. */
  async #lay(runner: MappingRunner, changes: Partial<MappingDocument>): Promise<MappingDocument> {
    const before = runner.document
    const { uuid } = before
    const after = { ...before, ...changes }
    const undo = membersOf(before, changes)
    runner.replace(after)
    this.#unwritten.set(uuid, [...(this.#unwritten.get(uuid) ?? []), undo])
    await this.#enqueue(uuid, async () => {
      try {
        await this.#engine.services.store.putMapping(this.#durable(runner, undo))
      } catch (error) {
        runner.replace({ ...runner.document, ...undo })
        throw error
      } finally {
        this.#forgetUndo(uuid, undo)
      }
    })
    return after
  }

  /** The document as it is but for changes that the store may still refuse; `own` is about to be written. */
  #durable(runner: MappingRunner, own?: Undo): MappingDocument {
    const undone = (this.#unwritten.get(runner.document.uuid) ?? []).filter((undo) => undo !== own)
    return undone.reduceRight<MappingDocument>((document, undo) => ({ ...document, ...undo }), runner.document)
  }

  #forgetUndo(uuid: string, undo: Undo): void {
    const left = (this.#unwritten.get(uuid) ?? []).filter((one) => one !== undo)
    if (left.length === 0) this.#unwritten.delete(uuid)
    else this.#unwritten.set(uuid, left)
  }

  #enqueue(uuid: string, action: () => Promise<void>): Promise<void> {
    const before = this.#writes.get(uuid) ?? Promise.resolve()
    const write = before.catch(() => {}).then(action)
    this.#writes.set(uuid, write)
    return write
  }

  #documentOf(request: CreateMapping): MappingDocument {
    const { clock } = this.#engine.services
    const source = sourceKindOf(request.sourceName)
    if (source === undefined) throw new ApiError('InvalidParameterValueException', 'Unrecognized event source.')
    const traits = sourceTraits[source]
    const nowMs = clock.wallMs()
    const { adoption } = request
    return {
      uuid: adoption?.uuid ?? clock.uuid(),
      origin: request.origin,
      source,
      sourceName: request.sourceName,
      functionArn: request.functionArn,
      state: stateAfterCreate(traits, request.parameters.Enabled),
      stateTransitionReason: transitionReason(traits),
      createdMs: adoption?.createdMs ?? nowMs,
      lastModifiedMs: nowMs,
      lastProcessingResult: processingResults.none,
      tags: request.tags,
      parameters: request.parameters,
      ...(adoption && { adopted: adoption.adopted }),
    }
  }

  #userChange(document: MappingDocument): Pick<MappingDocument, 'stateTransitionReason' | 'lastModifiedMs'> {
    return {
      stateTransitionReason: transitionReason(sourceTraits[document.source]),
      lastModifiedMs: this.#engine.services.clock.wallMs(),
    }
  }

  #runner(uuid: string): MappingRunner {
    const runner = this.#runners.get(uuid)
    if (runner !== undefined) return runner
    throw new ApiError('ResourceNotFoundException', 'The resource you requested does not exist.')
  }

  /** What begins during a drain would end with the process, half done. */
  #refuseWhileStopping(): void {
    if (this.#stopping) throw new ApiError('ServiceException', 'Millrace is stopping; try again when it has started.')
  }

  #settledRunner(uuid: string): MappingRunner {
    this.#refuseWhileStopping()
    const runner = this.#runner(uuid)
    if (isSettled(runner.document.state) && !this.#changing.has(uuid)) return runner
    throw new ApiError('ResourceInUseException', 'Cannot update the event source mapping because it is in use.')
  }
}

type Undo = Partial<MappingDocument>

function membersOf(document: MappingDocument, changes: Partial<MappingDocument>): Undo {
  return Object.fromEntries(Object.keys(changes).map((name) => [name, document[name as keyof MappingDocument]]))
}

function conflict(document: MappingDocument, other: MappingDocument | undefined): ApiError {
  const functionName = parseFunctionName(document.functionArn)?.name ?? document.functionArn
  const pair = `(" ${document.sourceName} ") and function (" ${functionName} ")`
  const rest = `already exists. Please update or delete the existing mapping with UUID ${other?.uuid ?? 'being created'}`
  return new ApiError(
    'ResourceConflictException',
    isStream(document.source)
      ? `The event source arn ${pair} provided mapping ${rest}`
      : `An event source mapping with SQS arn ${pair} ${rest}`,
  )
}
