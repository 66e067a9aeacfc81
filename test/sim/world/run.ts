import type { MachineFactory } from '../machine.ts'
import { createPrng } from '../prng.ts'
import type { Entry } from '../trace.ts'
import { describeEntry, violate, Violation } from '../trace.ts'
import { drain, planHappenings, setPressure } from './happenings.ts'
import { perform } from './operations.ts'
import { putRecords } from './records.ts'
import type { Scenario, ScenarioKind } from './scenario.ts'
import { drawScenario } from './scenario.ts'
import { World } from './world.ts'

/** Healed worlds converge within this much virtual time: some redrives of some poisoned groups one after the other. */
const convergenceMsMax = 14_400_000
const drainMsMax = 120_000
const pollMs = 500
const eventsMax = 200_000

export interface RunResult {
  readonly events: number
  readonly virtualMs: number
}

/** One seed, from the first draw to the last drain. Throws a Violation that says how to see it again. */
export function runSeed(
  seed: number,
  kind: ScenarioKind,
  machines: MachineFactory,
  watch: ((entry: Entry) => void) | null = null,
): RunResult {
  try {
    return run(prepare(seed, kind, machines, watch))
  } catch (error) {
    throw new Violation(report(seed, kind, machines, error), { cause: error })
  }
}

function prepare(
  seed: number,
  kind: ScenarioKind,
  machines: MachineFactory,
  record: ((entry: Entry) => void) | null,
): World {
  const prng = createPrng(seed)
  const world = new World(drawScenario(seed, kind, prng), prng, { machines, record, perform })
  putRecords(world)
  return world
}

/** Runs it once more and keeps what happened. */
function report(seed: number, kind: ScenarioKind, machines: MachineFactory, error: unknown): string {
  const entries: Entry[] = []
  const world = prepare(seed, kind, machines, (entry) => entries.push(entry))
  try {
    run(world)
  } catch {
    // The same seed fails the same way; `error` has said how.
  }
  const shownMax = Number(process.env['SIM_TRACE'] ?? 40)
  return [
    error instanceof Error ? error.message : String(error),
    `seed ${String(seed)} (${kind}); again: SIM_BASE=${String(seed)} SIM_SEEDS=1 npx vitest run test/sim/${kind}-flow.sim.test.ts`,
    `options ${JSON.stringify(optionsOf(world.scenario))}`,
    ...entries.slice(-shownMax).map(describeEntry),
    error instanceof Error && !(error instanceof Violation) ? (error.stack ?? '') : '',
  ].join('\n')
}

function optionsOf(scenario: Scenario): unknown {
  const faults = Object.entries(scenario.faults).filter(([, value]) => value !== 0 && value !== false)
  return { ...scenario, faults: Object.fromEntries(faults), updates: scenario.updates.length }
}

function run(world: World): RunResult {
  planHappenings(world)
  world.start()
  world.clock.at(world.scenario.safetyMs, () => heal(world))
  proceed(world, () => world.healed, 'the safety phase never ended')
  const untilMs = world.clock.nowMs + convergenceMsMax
  let converged = false
  const look = (): void => {
    converged = isConverged(world)
    if (world.clock.nowMs > untilMs) violate('liveness', 'healed, and yet there is work left')
    if (!converged) world.clock.after(pollMs, look)
  }
  world.clock.after(pollMs, look)
  proceed(world, () => converged, 'nothing is planned and there is work left')
  world.note({ kind: 'converged', t: world.clock.nowMs })
  finish(world)
  return { events: world.events, virtualMs: world.clock.nowMs }
}

function proceed(world: World, isDone: () => boolean, otherwise: string): void {
  while (!isDone()) {
    if (!world.clock.advance()) violate('liveness', otherwise)
    if (world.events > eventsMax) violate('liveness', `${String(eventsMax)} events and no end`)
  }
}

/** From here on nothing goes wrong any more, except what is wrong with the records themselves. */
function heal(world: World): void {
  world.healed = true
  world.note({ kind: 'healed', t: world.clock.nowMs })
  world.source.heal()
  world.function.healed = true
  world.function.outage = null
  if (!world.scenario.poisonStays) world.function.poison.clear()
  if (world.scenario.closes) world.source.shard.closed = true
  setPressure(world, false)
  if (world.current === null) return
}

function isConverged(world: World): boolean {
  if (world.scenario.kind === 'queue') return world.source.queue.isEmpty()
  if (world.scenario.closes) return world.finished
  if (world.current === null) return false
  const { shard } = world.source
  const { checkpoint } = world.store
  const life = world.book.lives.get(world.current.number)
  if (life === undefined || life.held.size > 0 || (checkpoint?.window ?? null) !== null) return false
  return world.book.inOrder.every(
    (fact) =>
      fact.gone !== null ||
      fact.beforeStart ||
      fact.incarnation !== shard.incarnation ||
      (checkpoint?.incarnation === shard.incarnation && Number(checkpoint.watermark ?? -1) >= Number(fact.position)),
  )
}

/** The flow goes as it should: what is left drains, and a shard that is done is done again after a restart. */
function finish(world: World): void {
  const untilMs = world.clock.nowMs + drainMsMax
  world.stopping = true
  const shell = world.current
  if (shell === null || !shell.alive) return
  drain(world)
  while (shell.alive) {
    if (world.clock.nowMs > untilMs || !world.clock.advance()) violate('liveness', 'the drain never ended')
  }
}
