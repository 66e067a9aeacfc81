import { readdir, readFile, writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import { basename, join } from 'node:path'

/** The part of V8's format that says where the time went. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

const suffix = '.cpuprofile'
const shownMax = 25

/** For a process that is to write its own profile into this folder when it ends; without a folder, none. */
export function profilingArguments(folder: string | null): readonly string[] {
  return folder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

/** Profiles what runs in this process. */
export async function profiled<T>(file: string, run: () => Promise<T> | T): Promise<T> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  try {
    return await run()
  } finally {
    const { profile } = await session.post('Profiler.stop')
    await writeFile(file, JSON.stringify(profile))
    session.disconnect()
  }
}

/** Where the profiles of a folder are, and the functions that took most of the time themselves. */
export async function describeProfiles(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(suffix)).sort()
  if (files.length === 0) return `No profile: ${folder} is empty.\n`
  const parts = files.map(async (file) => {
    const path = join(folder, file)
    return `Profile: ${path}\n${hottest(JSON.parse(await readFile(path, 'utf8')) as CpuProfile)}`
  })
  return `${(await Promise.all(parts)).join('\n')}\n`
}

function hottest({ nodes, samples = [], timeDeltas = [] }: CpuProfile): string {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === '' ? '' : ` ${basename(url)}:${lineNumber + 1}`
      return [id, `${functionName === '' ? '(anonymous)' : functionName}${place}`]
    }),
  )
  const spentUs = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?'
    spentUs.set(name, (spentUs.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  spentUs.delete('(idle)')
  const busyUs = [...spentUs.values()].reduce((sum, us) => sum + us, 0)
  return [...spentUs]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, shownMax)
    .map(([name, us]) => `  ${((us / busyUs) * 100).toFixed(1).padStart(5)} %  ${name}\n`)
    .join('')
}
