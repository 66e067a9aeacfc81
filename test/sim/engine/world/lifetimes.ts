import { startProcess } from './engine.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** The process dies where it stands. What it had sent may still arrive; a new one starts soon after. */
export function crash(world: World, process: Process): void {
  if (process.dead || process.stopped) return
  process.dead = true
  world.note({ kind: 'process', process: process.number, is: 'crashed' })
  if (process === world.processes.at(-1)) world.clock.after(world.prng.int(1, 3_000), () => startProcess(world))
}

/** Another process takes over while this one still believes that it is the owner. It dies of that some time later. */
export function cutOff(world: World, process: Process): void {
  if (process.dead || process.stopped || process.stopping) return
  process.zombie = true
  world.note({ kind: 'process', process: process.number, is: 'cut off' })
  startProcess(world)
  world.clock.after(world.prng.int(500, 15_000), () => crash(world, process))
}

/** SIGTERM: a drain, cut off after the grace time. */
export async function stop(world: World, process: Process): Promise<void> {
  if (process.dead || process.stopping) return
  process.stopping = true
  process.stoppingMs = world.clock.nowMs
  const { number } = process
  world.note({ kind: 'process', process: number, is: 'stopping' })
  const { graceMs } = world.scenario
  process.clock.timer(world.clock.nowMs + graceMs, () => {
    if (process.stopped) return
    process.aborted = true
    world.note({ kind: 'process', process: number, is: 'aborted' })
    process.registry.abort()
  })
  await process.registry.stop(process.stoppingMs + graceMs)
  process.stopped = true
  world.note({ kind: 'process', process: number, is: 'stopped' })
}

/** An orderly stop, and the start after it. */
export async function restart(world: World, process: Process): Promise<void> {
  if (process.zombie || process.stopping) return
  // A start that is not over yet is not drained but ended.
  if (!process.begun) return crash(world, process)
  await stop(world, process)
  if (process === world.processes.at(-1)) world.clock.after(world.prng.int(1, 3_000), () => startProcess(world))
}
