import { IdleSweep, type IdleAnswer, type IdleDeps } from '../../../src/api/idle-sweep.ts'
import type { MappingDocument } from '../../../src/model/mapping.ts'
import { createPrng } from '../prng.ts'
import type { Book } from './book.ts'
import { isAtMost } from './checkers/progress.ts'
import { violate } from './observation.ts'
import type { Fact } from './world/facts.ts'
import { bodyOf } from './world/facts.ts'
import type { Process } from './world/process.ts'
import { isKept, listed, type SimStream } from './world/sources.ts'
import type { World } from './world/world.ts'

/** Where faults of the sweep can be planted. */
export type IdlePlant = (deps: IdleDeps) => IdleDeps

interface Asked {
  answer: IdleAnswer | null
  /** null: none runs that could be asked. */
  process: Process | null
}

/** How often somebody asks while things go wrong, and how long they wait. */
const askEveryMs = 900
const waitMs = 4_000
/** In a healed world with nothing left, it is said within so much: the longest pause between two looks at a shard, and the ways. */
const healedMsMax = 120_000

/**
 * Asks a running process whether it is idle, all the time, and judges the answers by what the world has: when it says idle, nothing
 * that was there when it was asked is left; when nothing is left, it says so soon.
 */
export class IdleJudge {
  readonly #world: World
  readonly #book: Book
  readonly #plant: IdlePlant
  readonly #sweeps = new Map<number, IdleSweep>()
  /** Looks take their time; their chance is their own, so that asking changes nothing of the run. */
  readonly #prng
  /** Answers that said idle, and those that did not. */
  readonly said = { idle: 0, not: 0 }

  constructor(world: World, book: Book, plant: IdlePlant) {
    this.#world = world
    this.#book = book
    this.#plant = plant
    this.#prng = createPrng(world.scenario.seed + 1_000_003)
  }

  /** Asks again and again until the world is healed. */
  keepAsking(): void {
    const { clock } = this.#world
    clock.after(askEveryMs, () => {
      if (this.#world.healed) return
      this.#askNow(waitMs)
      this.keepAsking()
    })
  }

  /** The world has nothing left. Resolves with the answer as soon as it is there; the caller lets time go on. */
  askHealed(): Asked {
    return this.#askNow(healedMsMax)
  }

  #askNow(timeoutMs: number): Asked {
    const asked: Asked = { answer: null, process: null }
    const process = this.#world.current
    if (process?.begun !== true || process.stopping) return asked
    asked.process = process
    const askedMs = this.#world.clock.nowMs
    const mappings = (): readonly MappingDocument[] => process.registry.list()
    const ignore = new Set(['window' as const])
    const question = { mappings, ignore, quietMs: null, timeoutMs, key: '' }
    void this.#sweepOf(process)
      .wait(question, new AbortController().signal)
      .then(async (answer) => {
        asked.answer = answer
        this.said[answer.idle ? 'idle' : 'not'] += 1
        if (answer.idle) for (const document of answer.mappings) await this.#judge(process, document, askedMs)
      })
      .catch((error: unknown) => this.#world.fail(error))
    return asked
  }

  async #judge(process: Process, { uuid, sourceName }: MappingDocument, askedMs: number): Promise<void> {
    const source = this.#world.sources.get(sourceName)
    if (source === undefined || process.dead || process.zombie) return
    const before = (fact: Fact): boolean => fact.source === source.plan.name && fact.putMs < askedMs
    if (source.kind === 'queue') {
      const left = source.queue.bodies().map((text) => this.#world.facts.get(bodyOf(text).number))
      const old = left.find((fact) => fact !== undefined && before(fact))
      if (old !== undefined) violate('idle', `says idle with message ${String(old.number)} in ${source.plan.name}`)
      return
    }
    const owed = [...this.#world.facts.values()].filter((fact) => before(fact) && this.#book.isOwed(uuid, fact))
    const kept = new Map(
      (await this.#world.store.checkpoints(uuid)).map(({ flow, checkpoint }) => [flow, checkpoint] as const),
    )
    for (const fact of owed) {
      if (!this.#isListed(source, fact) || !isKept(source, fact) || this.#book.mapping(uuid).done.has(fact.number))
        continue
      const checkpoint = kept.get(fact.shardId)
      const isPassed =
        checkpoint?.incarnation === fact.incarnation &&
        (checkpoint.done || isAtMost(fact.position, checkpoint.watermark))
      if (!isPassed) violate('idle', `says idle with record ${String(fact.number)} in ${fact.shardId} of ${uuid}`)
    }
  }

  /** Of a shard that the service does not list yet nobody can know. */
  #isListed(source: SimStream, { incarnation, shardId }: Fact): boolean {
    return (
      incarnation === source.incarnation && (source.hiddenUntilMs.get(shardId) ?? 0) <= this.#world.clock.nowMs - waitMs
    )
  }

  #sweepOf(process: Process): IdleSweep {
    const known = this.#sweeps.get(process.number)
    if (known !== undefined) return known
    const sweep = new IdleSweep(this.#plant(this.#depsOf(process)))
    this.#sweeps.set(process.number, sweep)
    return sweep
  }

  #depsOf(process: Process): IdleDeps {
    const world = this.#world
    const sourceOf = ({ sourceName }: Pick<MappingDocument, 'sourceName'>) => world.sources.get(sourceName)
    return {
      rest: (uuid) => process.registry.rest(uuid),
      mappings: process.registry,
      health: { notReady: () => (process.begun ? [] : ['starting']) },
      clock: process.clock,
      others: () => ({ count: 0, activity: 0, activeMs: 0 }),
      queueDepth: async (document, signal) => {
        await this.#way()
        const source = sourceOf(document)
        if (source?.kind !== 'queue') throw new Error('the world: no such queue')
        const depth = await source.queue.depth(signal)
        await this.#way()
        return depth
      },
      checkSource: async (candidate, signal) => {
        await this.#way()
        const source = sourceOf(candidate)
        if (source?.kind !== 'stream') throw new Error('the world: no such stream')
        const found = listed(world, source, await source.stream.open().describe(signal))
        await this.#way()
        return found
      },
    }
  }

  #way(): Promise<void> {
    return new Promise((resolve) => {
      this.#world.clock.after(this.#prng.int(1, 60), resolve)
    })
  }
}
