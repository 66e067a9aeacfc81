import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readCore } from './core-files.ts'
import { type Mutant, mutants } from './mutants.ts'
import { type Place, Planting, plant } from './planting.ts'

/**
 * Plants one bug at a time in a copy of `src/core` and asks the level-1 simulation and the core's unit tests whether they
 * notice. Ends with 1 when a bug survives, or when one cannot be planted because what it replaces has changed.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    only: { type: 'string' },
    /** Only whether each can be planted. */
    check: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
  },
})
const root = join(import.meta.dirname, '../../..')
/** A bug may make the machine hang: that counts as noticed. */
const patienceMs = 120_000

interface Planted {
  readonly mutant: Mutant
  readonly place: Place
}

interface Verdict extends Planted {
  readonly caught: boolean
  readonly by: string
}

process.exitCode = await main()

async function main(): Promise<number> {
  const chosen = mutants.filter(
    (mutant) => values.only === undefined || `${mutant.in} ${mutant.bug}`.includes(values.only),
  )
  const planting = new Planting(await readCore(root))
  const queue: Planted[] = []
  for (const mutant of chosen) {
    const place = planting.placeOf(mutant)
    if (typeof place === 'string') console.error(place)
    else queue.push({ mutant, place })
  }
  if (queue.length < chosen.length) return 1
  if (values.check) {
    console.log(`${String(queue.length)} bugs can be planted`)
    return 0
  }
  const verdicts: Verdict[] = []
  await Promise.all(Array.from({ length: Number(values.workers) }, () => work(queue, verdicts)))
  const survivors = verdicts.filter((verdict) => !verdict.caught)
  console.log(`${String(verdicts.length - survivors.length)} of ${String(verdicts.length)} planted bugs were caught`)
  for (const survivor of survivors) console.error(`survived: ${nameOf(survivor)}`)
  return survivors.length === 0 && verdicts.length > 0 ? 0 : 1
}

function nameOf({ mutant, place }: Planted): string {
  return `${place.file}, ${mutant.in}: ${mutant.bug}`
}

async function work(queue: Planted[], verdicts: Verdict[]): Promise<void> {
  const copy = await makeCopy()
  try {
    for (let planted = queue.shift(); planted !== undefined; planted = queue.shift()) {
      const verdict = await judge(copy, planted)
      verdicts.push(verdict)
      console.log(`${verdict.caught ? 'caught  ' : 'SURVIVED'} ${nameOf(planted)}\n         ${verdict.by}`)
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Only what the core and its tests need; never the tree itself. */
async function makeCopy(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'millrace-mutant-'))
  for (const part of [
    'src/core',
    'src/model',
    'test/support/virtual-clock.ts',
    'test/sim',
    'test/unit/core',
    'test/tools/mutants',
  ]) {
    await mkdir(join(copy, part, '..'), { recursive: true })
    await cp(join(root, part), join(copy, part), { recursive: true })
  }
  await cp(join(root, 'package.json'), join(copy, 'package.json'))
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function judge(copy: string, planted: Planted): Promise<Verdict> {
  const path = join(copy, 'src/core', planted.place.file)
  const sound = await readFile(path, 'utf8')
  await writeFile(path, plant(sound, planted.place, planted.mutant.replace))
  try {
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', copy, '--bail', '1', 'test/unit/core']
    for (const args of [
      ['test/tools/mutants/hunt.ts', '150'],
      vitest,
      ['test/tools/mutants/hunt.ts', values.seeds, '151'],
    ]) {
      const by = await fails(copy, args)
      if (by !== null) return { ...planted, caught: by.includes(planted.mutant.assertion ?? ''), by }
    }
    return { ...planted, caught: false, by: `nobody noticed in ${values.seeds} seeds` }
  } finally {
    await writeFile(path, sound)
  }
}

/** What the command says when it fails; null when it passes. */
async function fails(cwd: string, args: readonly string[]): Promise<string | null> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  let patient = true
  const timer = setTimeout(() => {
    patient = false
    child.kill('SIGKILL')
  }, patienceMs)
  const code = await new Promise<number | null>((resolve) => child.once('exit', (exit) => resolve(exit)))
  clearTimeout(timer)
  if (!patient) return 'it hangs'
  return code === 0 ? null : summary(args, output)
}

function summary(args: readonly string[], output: string): string {
  const lines = output.split('\n').map((line) => line.trim())
  const telling = args[0]?.includes('vitest')
    ? // What the machine itself said comes before the name of the test.
      lines.filter((line) => /FlowAssertion\S*:|FAIL/.test(line)).toReversed()
    : lines.filter((line) => line !== '')
  return (telling[0] ?? 'failed').slice(0, 160)
}
