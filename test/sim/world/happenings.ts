import type { DrainReason } from '../../../src/core/flow/messages.ts'
import type { World } from './world.ts'

/** Plans the larger mishaps of a run, each at a moment of the safety phase. */
export function planHappenings(world: World): void {
  const { faults } = world.scenario
  plan(world, faults.crashes, () => world.current !== null && world.crash(world.current))
  plan(world, faults.drains, () => drainAmidst(world, 100))
  plan(world, faults.leaseLosses, () => loseLease(world))
  for (const config of world.scenario.updates) plan(world, 1, () => update(world, config))
  plan(world, faults.pressures, () => pressure(world))
  plan(world, faults.wallSteps, () => stepClock(world))
  plan(world, faults.advances, () => world.advance(world.prng.pick([50, 1_000, 5_000, 60_000])))
  plan(world, faults.outages, () => outage(world))
  plan(world, faults.functionOutages, () => functionOutage(world))
  plan(world, faults.trims, () => trim(world))
  plan(world, faults.recreations, () => recreate(world))
}

function plan(world: World, times: number, happen: () => unknown): void {
  for (let count = 0; count < times; count++) {
    world.clock.at(world.prng.int(0, world.scenario.safetyMs - 1), () => {
      if (!world.healed && !world.finished) happen()
    })
  }
}

/** Drains are most telling while an attempt is out: waits for one, for a while. */
function drainAmidst(world: World, patience: number): void {
  const amidst =
    world.current !== null && [...world.current.out.values()].some(({ request }) => request.kind === 'invoke')
  if (amidst || patience === 0) drain(world)
  else if (!world.healed) world.clock.after(20, () => drainAmidst(world, patience - 1))
}

export function drain(world: World): void {
  const shell = world.current
  if (shell === null || shell.draining) return
  shell.draining = true
  const reason: DrainReason = world.prng.pick(['stop', 'disable', 'delete'])
  const endsMs = world.clock.nowMs + world.prng.pick([500, 2_000, 8_000])
  world.tell(shell, { kind: 'draining', reason, ...(reason === 'stop' && world.prng.chance(0.8) ? { endsMs } : {}) })
}

/** Another owner begins while the old one has yet to learn of it. */
function loseLease(world: World): void {
  const old = world.current
  if (old === null) return
  world.current = null
  world.start()
  world.clock.after(world.prng.int(0, 3_000), () => world.tell(old, { kind: 'leaseLost' }))
}

function update(world: World, config: World['config']): void {
  world.config = config
  const changed = world.prng.chance(0.5)
  if (changed) world.source.filterEpoch += 1
  const epoch = world.source.filterEpoch
  const matches = (record: { readonly fragment: string }): boolean => world.source.isMatch(record.fragment, epoch)
  const shell = world.current
  if (shell === null) return
  shell.config = config
  shell.filterEpoch = epoch
  world.tell(shell, changed ? { kind: 'configured', matches } : { kind: 'configured' })
}

function pressure(world: World): void {
  setPressure(world, true)
  world.clock.after(world.prng.int(100, 5_000), () => setPressure(world, false))
}

export function setPressure(world: World, on: boolean): void {
  if (world.pressure === on) return
  world.pressure = on
  // Whoever was short of room is woken when there is some.
  if (!on && world.current !== null) world.tell(world.current, { kind: 'timer' })
}

/** The local clock jumps; until the source's next reply its offset is wrong by a little. */
function stepClock(world: World): void {
  world.sourceErrorMs = world.prng.int(-2_000, 2_000)
  world.clock.after(500, () => (world.sourceErrorMs = 0))
}

function outage(world: World): void {
  world.source.outage = world.prng.pick(['missing', 'denied'])
  world.clock.after(world.prng.int(500, 10_000), () => (world.source.outage = null))
}

function functionOutage(world: World): void {
  world.function.outage = world.prng.pick(['unreachable', 'missing'])
  world.clock.after(world.prng.int(500, 10_000), () => (world.function.outage = null))
}

function trim(world: World): void {
  const { shard } = world.source
  if (!shard.isSilent) return gone(world, shard.trim(world.prng.int(1, Math.max(1, shard.records.length))))
  // A gap that nobody tells of can only be what the retention says.
  const horizonMs = world.sourceNowMs() - (world.config.retentionMs ?? Infinity)
  const old = shard.records.filter((record) => record.arrivedMs < horizonMs).length
  gone(world, shard.trimTo(old))
}

function recreate(world: World): void {
  gone(world, world.source.shard.recreate())
}

function gone(world: World, records: readonly { readonly fragment: string }[]): void {
  for (const record of records) world.note({ kind: 'gone', t: world.clock.nowMs, key: record.fragment, how: 'trimmed' })
}
