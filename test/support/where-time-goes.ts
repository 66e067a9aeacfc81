import { readFileSync } from 'node:fs'
import { relative, sep } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

const slowestShown = 10
/** Below this many files it is a run of something, and not worth a table. */
const filesMin = 20

/** Prints at the end of a run where its time went: per folder, the slowest files, and what the processors did in all. */
export default class WhereTimeGoes implements Reporter {
  readonly #startedMs = performance.now()

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length < filesMin) return
    const files = modules.map((module) => ({ name: nameOf(module), ms: msOf(module) })).toSorted((a, b) => b.ms - a.ms)
    const folders = Map.groupBy(files, ({ name }) => name.split(sep).slice(0, 2).join('/'))
    const rows = [...folders]
      .map(([folder, of]) => ({ name: `${folder} (${of.length} files)`, ms: of.reduce((sum, { ms }) => sum + ms, 0) }))
      .toSorted((a, b) => b.ms - a.ms)
    // Last of all: the workers have ended by then, and what they and their children took is known.
    process.once('exit', () => {
      const lines = ['', ' Where the time went, in seconds', ...rows.map(line)]
      lines.push(
        `  the ${slowestShown} slowest files`,
        ...files.slice(0, slowestShown).map(line),
        ` ${this.#total()}`,
        '',
      )
      process.stdout.write(lines.join('\n'))
    })
  }

  #total(): string {
    const wall = seconds(performance.now() - this.#startedMs)
    const busy = processorMs()
    return busy === null ? `in all ${wall} s` : `in all ${wall} s, of processor time ${seconds(busy)} s`
  }
}

function nameOf(module: TestModule): string {
  return relative('test', relative(process.cwd(), module.moduleId))
}

function msOf(module: TestModule): number {
  const { prepareDuration, environmentSetupDuration, setupDuration, collectDuration, duration } = module.diagnostic()
  return prepareDuration + environmentSetupDuration + setupDuration + collectDuration + duration
}

function line({ name, ms }: { readonly name: string; readonly ms: number }): string {
  return `${seconds(ms).padStart(8)}  ${name}`
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

/** Of this process and of all that it has waited for; null where the system does not say it. */
function processorMs(): number | null {
  try {
    // The fields after the name, which may hold blanks: utime, stime, cutime and cstime, in hundredths.
    const [, after = ''] = /\) (.*)$/.exec(readFileSync('/proc/self/stat', 'utf8').trim()) ?? []
    const ticks = after.split(' ').slice(11, 15).map(Number)
    return ticks.reduce((sum, each) => sum + each, 0) * 10
  } catch {
    return null
  }
}
