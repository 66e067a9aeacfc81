import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runEngineSeed } from './engine/run.ts'
import { realFlow } from './real-flow.ts'
import { runSeed } from './world/run.ts'

/**
 * What the machines do, as one hash for each kind of run: every event and command of the flows, and all that the engine does at
 * its ports. A restructuring that changes no behaviour leaves all three as they are; compare the output before and after.
 */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '2000' }, engine: { type: 'string', default: '150' } },
})

for (const kind of ['queue', 'shard'] as const) {
  const hash = createHash('sha256')
  for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
    runSeed(seed, kind, realFlow, (entry) => {
      // What a flow is told of its settings and clocks is drawn, not decided.
      if (entry.kind === 'event') hash.update(`${entry.t} ${entry.life} ${JSON.stringify(entry.event)}\n`)
      else hash.update(`${JSON.stringify(entry)}\n`)
    })
  }
  console.log(`${kind}, ${values.seeds} seeds: ${hash.digest('hex')}`)
}
const hash = createHash('sha256')
for (let seed = 1; seed <= Number(values.engine); seed += 1) {
  await runEngineSeed(seed, undefined, { watch: (seen) => void hash.update(`${JSON.stringify(seen)}\n`) })
}
console.log(`engine, ${values.engine} seeds: ${hash.digest('hex')}`)
