import { matchesBranch } from '../../../src/events/filter-match.ts'
import { parseExactJson } from '../../../src/events/exact-json.ts'
import { compilePattern } from '../../../src/events/filter-pattern.ts'
import { findLibrary, libraryVerdicts, type Verdict } from './library.ts'
import { drawPairs, type Pair } from './pairs.ts'

/** Holds filters against the matcher that AWS has published, on random pairs, and ends with 1 where they differ. */

const shownMax = 10
const [seed = 20_261_128, count = 20_000] = process.argv.slice(2).map(Number)

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function verdictOf({ pattern, event }: Pair): Verdict {
  const compiled = compilePattern(pattern)
  if (compiled.kind === 'fault') return 'refused'
  const parsed = parseExactJson(event)
  return compiled.branches.some((branch) => matchesBranch(branch, parsed)) ? 'matches' : 'fails'
}

async function compare(folder: string): Promise<void> {
  const pairs = drawPairs(seed, count)
  const theirs = await libraryVerdicts(folder, pairs)
  if (theirs.length !== pairs.length) throw new Error(`${theirs.length} verdicts on ${pairs.length} pairs`)
  const tally = { matches: 0, fails: 0, refused: 0 }
  const differing = pairs.flatMap((pair, index) => {
    const verdict = verdictOf(pair)
    tally[verdict] += 1
    const their = theirs[index]
    return verdict === their ? [] : [`${pair.pattern} on ${pair.event}: ${verdict}, the library: ${their}`]
  })
  for (const line of differing.slice(0, shownMax)) print(line)
  print(`seed ${seed}: ${tally.matches} pairs match, ${tally.fails} do not, ${tally.refused} are refused`)
  print(`${pairs.length - differing.length} passed, ${differing.length} failed`)
  process.exitCode = differing.length === 0 ? 0 : 1
}

const library = await findLibrary()
if (library.kind === 'ready') await compare(library.folder)
else print(`event-ruler: skipped: ${library.reason}\n0 passed, 0 failed, 1 skipped`)
