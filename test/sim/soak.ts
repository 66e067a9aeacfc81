import { parseArgs } from 'node:util'
import { realFlow } from './real-flow.ts'
import { runEngineSeed } from './engine/run.ts'
import { runSeed } from './world/run.ts'

/** The long version: seeds upwards from `--seed` for `--minutes`. Stops at the first failure and prints how to see it again. */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } } })
const first = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
const begunMs = performance.now()
const lastsMs = Number(values.minutes) * 60_000

let seed = first
let events = 0
let virtualMs = 0
// Half of the time for the flows by themselves, half for the whole engine.
while (performance.now() < begunMs + lastsMs / 2) {
  for (const kind of ['queue', 'shard', 'shard'] as const) {
    const result = runSeed(seed, kind, realFlow)
    events += result.events
    virtualMs += result.virtualMs
    seed += 1
  }
}
let engineSeed = first
let steps = 0
while (performance.now() < begunMs + lastsMs) {
  const result = await runEngineSeed(engineSeed)
  steps += result.steps
  virtualMs += result.virtualMs
  engineSeed += 1
}
console.log(
  `seeds ${String(first)} to ${String(seed - 1)} of flows: ${String(events)} events; to ${String(engineSeed - 1)} of the engine: ${String(steps)} steps; ` +
    `${String(Math.round(virtualMs / 3_600_000))} simulated hours, every promise kept`,
)
