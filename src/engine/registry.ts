import { isAtRest, stateAfterCreate, stateAfterUpdate, transitionReason } from '../core/mapping/states.ts'
import { ApiError } from '../model/api-error.ts'
import { sourceKindOf } from '../model/arn.ts'
import { processingResults } from '../model/failure.ts'
import type { Adoption, MappingDocument } from '../model/mapping.ts'
import { refuseDuplicate } from '../model/mapping-rules.ts'
import { Sequence } from '../async/sequence.ts'
import { sourceTraits } from '../model/source.ts'
import type { EngineContext } from './engine-context.ts'
import { MappingRunner } from './mapping-runner.ts'
import type { MappingRest } from '../model/mapping-rest.ts'
import type { MappingStatus } from '../model/mapping-status.ts'
import type { CreateMapping, MappingChanges, Mappings } from './mappings.ts'
import { SetAside } from './set-aside.ts'

/** All mappings of the process. What it answers is written down before it answers. */
export class Registry implements Mappings {
  readonly #engine: EngineContext
  readonly #runners = new Map<string, MappingRunner>()
  /** Writes of one mapping keep their order. */
  readonly #writes = new Sequence<string>()
  /** Who waits for a mapping to come to rest. */
  readonly #waiters = new Map<string, (() => void)[]>()
  /** Mappings as a create or a change is writing them down. Until the store has taken it nobody can tell what the next one changes. */
  readonly #planned = new Map<string, MappingDocument>()
  /** What the store has no more. */
  readonly #removed = new WeakSet<MappingRunner>()

  readonly #aside = new SetAside()

  #started = false
  #stopping = false

  constructor(engine: EngineContext) {
    this.#engine = engine
  }

  /** Takes over what an earlier process left, in whatever state. Nothing runs before `start`. */
  async load(): Promise<void> {
    const { store, clock } = this.#engine.services
    for (const found of store.findings().damaged) {
      this.#aside.add(found, clock.wallMs())
      this.#engine.log.error({ mapping: found.uuid }, found.message)
    }
    for (const document of await store.mappings()) this.#add(document)
  }

  start(): void {
    this.#started = true
    // Those that are being made are started by their create.
    for (const [uuid, runner] of this.#runners) if (!this.#planned.has(uuid)) runner.start()
  }

  /** Resolves when the mapping is in no transition, or gone. */
  async atRest(uuid: string): Promise<MappingDocument | undefined> {
    for (let document = this.get(uuid); ; document = this.get(uuid)) {
      if (document === undefined || isAtRest(document.state)) return document
      await new Promise<void>((resolve) => {
        this.#waiters.set(uuid, [...(this.#waiters.get(uuid) ?? []), resolve])
      })
    }
  }

  list(): readonly MappingDocument[] {
    return [...[...this.#runners.values()].map((runner) => runner.shown), ...this.#aside.list()]
  }

  nameless(): readonly MappingStatus[] {
    return this.#aside.nameless()
  }

  damageOf(uuid: string): string | undefined {
    return this.#aside.message(uuid)
  }

  get(uuid: string): MappingDocument | undefined {
    return this.#runners.get(uuid)?.shown ?? this.#aside.get(uuid)
  }

  async create(request: CreateMapping): Promise<MappingDocument> {
    this.#refuseWhileStopping()
    const document = this.#documentOf(request)
    this.#refuseDuplicate(document)
    this.#planned.set(document.uuid, document)
    try {
      await asAnswer(this.#writes.run(document.uuid, () => this.#engine.services.store.putMapping(document)))
      // The drain that has begun meanwhile does not know of it: the next start runs it.
      if (this.#stopping) return document
      await this.#add(document).begin()
    } finally {
      this.#planned.delete(document.uuid)
    }
    const runner = this.#runners.get(document.uuid)
    if (this.#started && !this.#stopping) runner?.start()
    return runner?.document ?? document
  }

  async update(uuid: string, changes: MappingChanges): Promise<MappingDocument> {
    const runner = this.#settledRunner(uuid)
    const before = runner.document
    const state = stateAfterUpdate(before.state, changes.parameters.Enabled)
    this.#refuseDuplicate({ ...before, ...changes }, uuid)
    return this.#change(runner, { ...changes, state, ...this.#userChange(before) })
  }

  async delete(uuid: string): Promise<MappingDocument> {
    const damaged = this.#aside.get(uuid)
    if (damaged !== undefined) return this.#deleteDamaged(damaged)
    const runner = this.#settledRunner(uuid)
    return this.#change(runner, { state: 'Deleting', ...this.#userChange(runner.document) })
  }

  async #deleteDamaged(damaged: MappingDocument): Promise<MappingDocument> {
    this.#refuseWhileStopping()
    const { uuid } = damaged
    await asAnswer(this.#writes.run(uuid, () => this.#engine.services.store.deleteMapping(uuid)))
    this.#aside.drop(uuid)
    return { ...damaged, state: 'Deleting' }
  }

  async tag(uuid: string, tags: Readonly<Record<string, string>>): Promise<void> {
    await asAnswer(this.#write(this.#runner(uuid), (document) => ({ tags: { ...document.tags, ...tags } })))
  }

  async untag(uuid: string, keys: readonly string[]): Promise<void> {
    const changes = ({ tags }: MappingDocument): Pick<MappingDocument, 'tags'> => ({
      tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key))),
    })
    await asAnswer(this.#write(this.#runner(uuid), changes))
  }

  /** Writes down how an adoption stands; nothing of what runs here changes. */
  async note(uuid: string, adopted: Adoption): Promise<void> {
    await this.#write(this.#runner(uuid), () => ({ adopted }))
  }

  /** undefined: nothing runs under this name. */
  rest(uuid: string): MappingRest | undefined {
    return this.#runners.get(uuid)?.rest()
  }

  status(uuid: string): MappingStatus | undefined {
    return this.#runners.get(uuid)?.status() ?? this.#aside.status(uuid)
  }

  /**
   * Drains every mapping; resolves when nothing is in flight and every checkpoint is written. `endsMs`: when what is still out is cut
   * off (monotonic); without it nothing starts any more.
   */
  async stop(endsMs?: number): Promise<void> {
    this.#stopping = true
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop(endsMs)))
    await this.#writes.ended()
  }

  /** Cuts off what is still out. */
  abort(): void {
    for (const runner of this.#runners.values()) runner.abort()
  }

  #add(document: MappingDocument): MappingRunner {
    const { uuid } = document
    const runner = new MappingRunner(this.#engine, document, {
      save: async () => {
        // Nobody was told of it: what a power cut undoes of it is found out again.
        await this.#writes.run(uuid, () => this.#engine.services.store.putMapping(runner.document, 'process'))
        this.#tellSettled(uuid)
      },
      remove: () =>
        this.#writes.run(uuid, async () => {
          await this.#engine.services.store.deleteMapping(uuid)
          this.#removed.add(runner)
        }),
      removed: () => {
        this.#runners.delete(uuid)
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

  /** In use from this moment on, so that nobody else changes it or makes another one of it. */
  async #change(runner: MappingRunner, changes: Partial<MappingDocument>): Promise<MappingDocument> {
    const { document } = runner
    this.#planned.set(document.uuid, { ...document, ...changes })
    try {
      const after = await asAnswer(this.#write(runner, () => changes))
      runner.changed()
      return after
    } finally {
      this.#planned.delete(document.uuid)
    }
  }

  /** First the store, then the mapping: nothing is shown, and no flow runs, by what a store may still refuse. */
  #write(
    runner: MappingRunner,
    changesOf: (document: MappingDocument) => Partial<MappingDocument>,
  ): Promise<MappingDocument> {
    return this.#writes.run(runner.document.uuid, async () => {
      if (this.#removed.has(runner)) throw missing()
      const changes = changesOf(runner.document)
      await this.#engine.services.store.putMapping({ ...runner.document, ...changes })
      // What the mapping has learned meanwhile is its own to write down.
      runner.replace({ ...runner.document, ...changes })
      return runner.shown
    })
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
    const damage = this.#aside.message(uuid)
    throw damage === undefined ? missing() : new ApiError('ResourceInUseException', damage)
  }

  /** What begins during a drain would end with the process, half done. */
  #refuseWhileStopping(): void {
    if (this.#stopping) throw new ApiError('ServiceException', 'Millrace is stopping; try again when it has started.')
  }

  #refuseDuplicate(document: MappingDocument, uuid?: string): void {
    refuseDuplicate([...this.list(), ...this.#planned.values()], document, uuid)
  }

  #settledRunner(uuid: string): MappingRunner {
    this.#refuseWhileStopping()
    const runner = this.#runner(uuid)
    if (isAtRest(runner.document.state) && !this.#planned.has(uuid)) return runner
    throw new ApiError('ResourceInUseException', 'Cannot update the event source mapping because it is in use.')
  }
}

/** A store that refuses is the answer to who asked for the change, not a fault of Millrace. */
async function asAnswer<T>(write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    if (error instanceof ApiError || !(error instanceof Error)) throw error
    throw new ApiError('ServiceException', `Nothing was changed: ${error.message}`)
  }
}

function missing(): ApiError {
  return new ApiError('ResourceNotFoundException', 'The resource you requested does not exist.')
}
