import { change, create, disturb } from './user.ts'
import { crash, cutOff, restart } from './lifetimes.ts'
import { forgetPast, putRecord, recreate, renew, reshard, trim } from './sources.ts'
import type { SimStream } from './sources.ts'
import type { World } from './world.ts'

/** Plans everything that happens by itself until the world is healed. */
export function planHappenings(world: World): void {
  const { prng, scenario } = world
  for (const plan of scenario.mappings) world.clock.at(plan.createMs, () => create(world, plan))
  for (const source of world.sources.values()) {
    for (let count = 0; count < source.plan.records; count++) {
      const atMs = source.plan.calm ? prng.int(2_000, scenario.safetyMs) : prng.int(0, scenario.safetyMs)
      world.clock.at(atMs, () => putRecord(world, source))
    }
  }
  const { faults } = scenario
  atSomeTime(world, faults.calls, () => disturb(world))
  atSomeTime(world, faults.crashes, () => planCrash(world))
  atSomeTime(world, faults.zombies, () => withCurrent(world, (process) => cutOff(world, process)))
  atSomeTime(world, faults.stops, () => withCurrent(world, (process) => void restart(world, process)))
  atSomeTime(world, faults.reshards, () => withStream(world, (stream) => reshard(world, stream)))
  atSomeTime(world, faults.trims, () => withStream(world, (stream) => trim(world, stream)))
  atSomeTime(world, faults.recreations, () => withStream(world, recreate))
  atSomeTime(world, faults.renewals, () => withStream(world, (stream) => renew(world, stream)))
  atSomeTime(world, faults.forgets, () => withStream(world, forgetPast))
  atSomeTime(world, faults.outages, () => outage(world))
  atSomeTime(world, faults.clockMoves, () => withCurrent(world, (process) => moveClock(world, process.workClock)))
  atSomeTime(world, faults.wallSteps, () => {
    world.wallStepMs += prng.pick([-3_600_000, -30_000, 30_000, 3_600_000])
  })
}

/** Time passes for what the engine itself waits for, at once or faster for a while. */
function moveClock({ clock, prng }: World, workClock: NonNullable<World['current']>['workClock']): void {
  if (prng.chance(0.5)) return workClock.advance(prng.pick([100, 5_000, 60_000]))
  workClock.run(prng.pick([2, 10, 60]))
  clock.after(prng.int(200, 5_000), () => workClock.run(1))
}

function atSomeTime(world: World, count: number, happen: () => void): void {
  for (let index = 0; index < count; index++) world.clock.at(world.prng.int(100, world.scenario.safetyMs), happen)
}

function withCurrent(world: World, act: (process: NonNullable<World['current']>) => void): void {
  if (world.current !== undefined) act(world.current)
}

/** At once, or between two of its next calls. */
function planCrash(world: World): void {
  withCurrent(world, (process) => {
    if (world.prng.chance(0.5)) crash(world, process)
    else process.callsLeft = world.prng.int(1, 20)
  })
}

function withStream(world: World, act: (stream: SimStream) => void): void {
  const streams = [...world.sources.values()].filter((source) => source.kind === 'stream' && !source.plan.calm)
  const stream = streams[world.prng.int(0, Math.max(0, streams.length - 1))]
  if (stream?.kind === 'stream') act(stream)
}

/** A stream that is not there for a while, or that nobody may read. */
function outage(world: World): void {
  withStream(world, ({ stream }) => {
    stream.remove()
    world.clock.after(world.prng.int(500, 8_000), () => stream.restore())
  })
}

/** From here on nothing goes wrong any more, and every mapping is meant to run. */
export function heal(world: World): void {
  world.healed = true
  world.note({ kind: 'healed' })
  for (const source of world.sources.values()) {
    if (source.kind === 'stream') source.stream.restore()
    else source.queue.faults.repliesLost = 0
  }
  for (const process of world.processes) {
    process.callsLeft = null
    process.workClock.run(1)
    if (process.zombie) crash(world, process)
  }
  enableAll(world)
}

/** The user enables what is disabled, as soon as it is in no transition. */
export function enableAll(world: World): void {
  if (world.current?.begun !== true) return
  for (const document of world.current.registry.list()) {
    if (document.state === 'Disabled') change(world, document, { Enabled: true })
  }
}
