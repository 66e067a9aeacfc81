import { mappingPace } from '../../../../src/core/mapping/messages.ts'
import type { DropReason } from '../../../../src/core/flow/messages.ts'
import { MovableClock } from '../../../../src/engine/movable-clock.ts'
import { MemoryBudget } from '../../../../src/engine/memory-budget.ts'
import { Registry } from '../../../../src/engine/registry.ts'
import { ShardCensus } from '../../../../src/engine/shard-census.ts'
import { silentLog } from '../../../../src/observe/log.ts'
import type { Clock } from '../../../../src/ports.ts'
import { defaultSettings } from '../../../support/settings.ts'
import { silentMeter } from '../../../support/silent-meter.ts'
import { openDestination } from './destination-port.ts'
import type { Process } from './process.ts'
import { openSource } from './source-port.ts'
import { openStore } from './store-port.ts'
import { openTarget } from './target-port.ts'
import { type World, startWallMs } from './world.ts'

/** The engine that ships, on the clock and the ports of the world. */
export function startProcess(world: World): Process {
  const { scenario, plants } = world
  const clock = clockOf(world, () => process.dead)
  const workClock = new MovableClock(clock)
  const permits = plants.permits(scenario.maxInvocations, clock)
  const memory = new MemoryBudget(scenario.budgetBytes)
  const process: Process = {
    number: world.processes.length + 1,
    dead: false,
    zombie: false,
    begun: false,
    stopping: false,
    stoppingMs: null,
    aborted: false,
    stopped: false,
    callsLeft: null,
    clock,
    workClock,
    permits,
    memory,
    registry: null as unknown as Registry,
  }
  process.registry = new Registry({
    services: {
      clock,
      workClock,
      store: openStore(world, process),
      target: openTarget(world, process),
      destination: openDestination(world, process),
      permits,
      memory,
      startMachine: plants.startMachine,
      settings: { ...defaultSettings, maxInvocations: scenario.maxInvocations },
    },
    opener: { open: (document) => plants.source(openSource(world, process, document), world, process) },
    census: new ShardCensus(),
    pace: mappingPace,
    isAws: () => scenario.isAws,
    meterOf: ({ uuid }) => ({
      ...silentMeter,
      dropped: (count: number, reason: DropReason) =>
        world.note({ kind: 'dropped', process: process.number, uuid, count, reason }),
      flowCrashed: () => world.fail(new Error(`assertion: a flow of ${uuid} failed one`)),
    }),
    forgetMeter: () => {},
    log: silentLog,
  })
  world.processes.push(process)
  world.note({ kind: 'process', process: process.number, is: 'started' })
  void begin(world, process)
  return process
}

/** A process that cannot read its store does not start; whoever supervises it tries again. */
async function begin(world: World, process: Process): Promise<void> {
  try {
    await process.registry.load()
    process.registry.start()
    process.begun = true
  } catch {
    world.crash(process)
  }
}

function clockOf(world: World, isDead: () => boolean): Clock {
  let uuids = 0
  const owner = world.processes.length + 1
  return {
    wallMs: () => startWallMs + world.clock.nowMs + world.wallStepMs,
    monoMs: () => world.clock.nowMs,
    random: () => world.prng.next(),
    uuid: () => `uuid-${String(owner)}-${String(++uuids)}`,
    timer: (atMonoMs, callback) =>
      world.clock.timer(atMonoMs, () => {
        if (!isDead()) callback()
      }),
  }
}
