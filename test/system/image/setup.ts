import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { output, run } from './command.ts'
import { imageTag } from './tags.ts'
import { cellsOf, printReport, reportFileVariable } from './report.ts'

const folder = import.meta.dirname
const repository = join(folder, '../../..')
const minutes = 60

declare module 'vitest' {
  interface ProvidedContext {
    /** Why there is no Docker; empty where there is. */
    readonly dockerMissing: string
    /** Images that are neither there, nor to be pulled, nor to be made: tag and reason. */
    readonly imagesMissing: readonly string[]
  }
}

/** Sees to an engine, the images of others and our own image. Without an engine the suites skip, with the reason. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const state = await mkdtemp(join(tmpdir(), 'millrace-image-'))
  const reportFile = join(state, 'report')
  process.env[reportFileVariable] = reportFile
  const engine = await run(join(folder, 'docker-engine.sh'), ['start', state], { secondsMax: 10 * minutes })
  const said = engine.out.trim().split('\n').at(-1) ?? ''
  project.provide('dockerMissing', engine.code === 0 ? '' : said || engine.err.trim())
  project.provide('imagesMissing', engine.code === 0 ? await images() : [])
  console.log(`Docker: ${said}`)
  return async () => {
    if (engine.code !== 0) console.log(`Everything that needs Docker was skipped: ${said}`)
    await printReport(cellsOf(project.vitest.state.getTestModules()), reportFile)
    await run(join(folder, 'docker-engine.sh'), ['stop', state])
    await rm(state, { recursive: true, force: true })
  }
}

async function images(): Promise<readonly string[]> {
  const made = await run(join(folder, 'base-images.sh'), ['all'], { secondsMax: 20 * minutes })
  console.log(made.out.trim())
  // Where the base is missing, the build says so itself.
  await output('docker', ['build', '--quiet', '--network', 'host', '--tag', imageTag, repository], {
    secondsMax: 10 * minutes,
  })
  return made.out.split('\n').filter((line) => line.includes(' missing: '))
}
