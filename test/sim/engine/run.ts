import { Book } from './book.ts'
import { churn } from './checkers/churn.ts'
import { drain } from './checkers/drain.ts'
import { extension } from './checkers/extension.ts'
import { fair } from './checkers/fair.ts'
import { handBack } from './checkers/hand-back.ts'
import { isolation } from './checkers/isolation.ts'
import { lineage } from './checkers/lineage.ts'
import { noLoss } from './checkers/no-loss.ts'
import { order } from './checkers/order.ts'
import { isAtMost, progress } from './checkers/progress.ts'
import { silence } from './checkers/silence.ts'
import { word } from './checkers/word.ts'
import type { Observation } from './observation.ts'
import { violate, Violation } from './observation.ts'
import { IdleJudge, type IdlePlant } from './idle-judge.ts'
import { startProcess } from './world/engine.ts'
import { enableAll, heal, planHappenings } from './world/happenings.ts'
import { crash, stop } from './world/lifetimes.ts'
import type { Plants } from './world/plants.ts'
import { nothingPlanted } from './world/plants.ts'
import { createSimSource } from './world/sources.ts'
import type { SimStream } from './world/sources.ts'
import { settle, World } from './world/world.ts'

/** A healed world converges within this much virtual time: messages of a group whose visibility has to end one after the other. */
const convergenceMsMax = 1_800_000
const lookMs = 500
const stepsMax = 400_000

export interface RunResult {
  readonly steps: number
  readonly virtualMs: number
  /** Answers to those who asked whether it is idle. */
  readonly said: IdleJudge['said'] | null
}

interface RunOptions {
  readonly watch?: ((seen: Observation) => void) | undefined
  /** Somebody asks all the time whether it is idle, through this. */
  readonly idle?: IdlePlant | undefined
}

/** One seed, from the first draw to the last drain. Throws a Violation that says how to see it again. */
export async function runEngineSeed(
  seed: number,
  plants: Plants = nothingPlanted,
  { watch, idle }: RunOptions = {},
): Promise<RunResult> {
  const recent: Observation[] = []
  const keptMax = Number(process.env['SIM_TRACE'] ?? 60)
  const world = new World(seed, {
    plants,
    record: (seen) => {
      watch?.(seen)
      recent.push(seen)
      if (recent.length > 2 * keptMax) recent.splice(0, recent.length - keptMax)
    },
  })
  const unhandled = (error: unknown): void => world.fail(new Violation(`unhandled rejection: ${String(error)}`))
  process.on('unhandledRejection', unhandled)
  try {
    return await run(world, idle)
  } catch (error) {
    throw new Violation(report(world, recent.slice(-keptMax), error), { cause: error })
  } finally {
    process.off('unhandledRejection', unhandled)
  }
}

function report(world: World, recent: readonly Observation[], error: unknown): string {
  const { scenario } = world
  const faults = Object.entries(scenario.faults).filter(([, value]) => value !== 0 && value !== false)
  return [
    error instanceof Error ? error.message : String(error),
    `seed ${String(scenario.seed)}; again: SIM_BASE=${String(scenario.seed)} SIM_SEEDS=1 npx vitest run test/sim/engine/engine.sim.test.ts`,
    `options ${JSON.stringify({ ...scenario, faults: Object.fromEntries(faults) })}`,
    ...recent.map(({ t, ...seen }) => `${String(t).padStart(8)} ms ${JSON.stringify(seen)}`),
    error instanceof Error && !(error instanceof Violation) ? (error.stack ?? '') : '',
  ].join('\n')
}

async function run(world: World, idle: IdlePlant | undefined): Promise<RunResult> {
  const book = new Book(world)
  world.judgeBy([
    { name: 'book', see: (seen) => book.see(seen) },
    ...[noLoss, order, lineage, progress, silence, drain, handBack, extension, isolation, fair, word, churn].map(
      (checker) => checker(book),
    ),
  ])
  world.crash = (dying) => crash(world, dying)
  for (const plan of world.scenario.sources) world.sources.set(plan.arn, createSimSource(world, plan))
  planHappenings(world)
  startProcess(world)
  const judge = idle === undefined ? null : new IdleJudge(world, book, idle)
  judge?.keepAsking()
  await settle()
  world.clock.at(world.scenario.safetyMs + 1, () => heal(world))
  await proceed(world, () => world.healed, 'the safety phase never ended')
  await converge(world, book)
  if (judge !== null) await saysIdle(world, judge)
  await comeToRest(world)
  return { steps: world.steps, virtualMs: world.clock.nowMs, said: judge?.said ?? null }
}

async function proceed(world: World, isDone: () => boolean, otherwise: string): Promise<void> {
  while (!isDone()) {
    await world.advance(otherwise)
    if (world.steps > stepsMax) violate('liveness', `${String(stepsMax)} steps, and yet ${otherwise}`)
  }
}

async function converge(world: World, book: Book): Promise<void> {
  const untilMs = world.clock.nowMs + convergenceMsMax
  for (let missing = await whatIsMissing(world, book); missing !== null; missing = await whatIsMissing(world, book)) {
    if (world.clock.nowMs > untilMs) violate('liveness', `healed, and yet ${missing}`)
    enableAll(world)
    let isTime = false
    world.clock.after(lookMs, () => {
      isTime = true
    })
    await proceed(world, () => isTime, missing)
  }
  world.note({ kind: 'converged' })
  if (world.failure !== null) throw world.failure
}

/** What there is left to do; null: nothing. */
async function whatIsMissing(world: World, book: Book): Promise<string | null> {
  const { current } = world
  if (current?.begun !== true) return 'no process runs'
  for (const document of current.registry.list()) {
    const { uuid, state } = document
    if (state !== 'Enabled') return `${uuid} is ${state}`
    const source = world.sources.get(document.sourceName)
    if (source?.kind === 'queue' && source.queue.bodies().length > 0) return `${source.plan.name} is not empty`
    if (source?.kind === 'stream') {
      const behind = await shardBehind(world, book, { uuid, source })
      if (behind !== null) return `${uuid} is behind in ${behind}`
    }
  }
  return null
}

/** By the checkpoints: what they pass is what the mapping says it has done. */
async function shardBehind(
  world: World,
  book: Book,
  { uuid, source }: { readonly uuid: string; readonly source: SimStream },
): Promise<string | null> {
  const kept = new Map((await world.store.checkpoints(uuid)).map(({ flow, checkpoint }) => [flow, checkpoint]))
  const owed = [...world.facts.values()].filter((fact) => fact.source === source.plan.name && book.isOwed(uuid, fact))
  const { done, dropped } = book.mapping(uuid)
  const inOlder = owed.filter((fact) => source.past.has(fact.incarnation) && !done.has(fact.number))
  if (inOlder.length > dropped) return 'an older stream'
  for (const fact of owed) {
    if (fact.incarnation !== source.incarnation) continue
    // A process that was cut off may have written over what its successor knows.
    if (world.scenario.faults.zombies > 0 && book.mapping(uuid).done.has(fact.number)) continue
    const checkpoint = kept.get(fact.shardId)
    const isPassed =
      checkpoint?.incarnation === source.incarnation &&
      (checkpoint.done || isAtMost(fact.position, checkpoint.watermark))
    if (!isPassed) return fact.shardId
  }
  return null
}

/** Nothing is left, and that is said soon: by the process that was asked, or by the one that took its place. */
async function saysIdle(world: World, judge: IdleJudge): Promise<void> {
  const untilMs = world.clock.nowMs + convergenceMsMax
  let asked = judge.askHealed()
  while (asked.answer === null) {
    if (world.clock.nowMs > untilMs) violate('idle', 'nobody says whether it is idle')
    if (asked.process === null || asked.process !== world.current) asked = judge.askHealed()
    let isTime = false
    world.clock.after(lookMs, () => {
      isTime = true
    })
    await proceed(world, () => isTime, 'nobody says whether it is idle')
  }
  if (!asked.answer.idle) violate('idle', `nothing is left, and yet ${asked.answer.reasons.join(' ')}`)
}

/** The last drain; after it nothing is held and nobody waits for anything. */
async function comeToRest(world: World): Promise<void> {
  const last = world.current
  if (last === undefined) violate('liveness', 'no process runs')
  void stop(world, last)
  await settle()
  await proceed(world, () => last.stopped, 'the drain never ended')
  for (const one of world.processes) {
    if (one.dead) continue
    if (one.permits.inFlight > 0) violate('rest', `${String(one.permits.inFlight)} permits are still out`)
    if (one.memory.usedBytes > 0) violate('rest', `${String(one.memory.usedBytes)} bytes are still held`)
  }
  if (world.failure !== null) throw world.failure
}
