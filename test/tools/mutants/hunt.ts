import { realFlow } from '../../sim/real-flow.ts'
import { runSeed } from '../../sim/world/run.ts'

/** Runs seeds until one fails; prints why. Meant for a copy of the tree with a bug in it. */
const [count = '1000', base = '1'] = process.argv.slice(2)
process.env['SIM_TRACE'] = '0'
try {
  for (let seed = Number(base); seed < Number(base) + Number(count); seed++) {
    runSeed(seed, 'queue', realFlow)
    runSeed(seed, 'shard', realFlow)
    runSeed(seed + 1_000_000, 'shard', realFlow)
  }
} catch (error) {
  const [what = '', where = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  console.log(`${what} (${where.split(';')[0] ?? ''})`)
  process.exitCode = 1
}
