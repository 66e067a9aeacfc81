import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { cleanEnvironment } from './backend-process.ts'
import { until } from '../../support/until.ts'

/** The built file, run as people run it: one process with a config file and a store of its own. */
export interface MillraceProcess {
  readonly endpoint: string
  /** The log so far, one JSON object a line. */
  log(): readonly string[]
  stop(): Promise<void>
}

const builtFile = process.env['MILLRACE_FILE'] ?? join(import.meta.dirname, '../../../dist/millrace.mjs')

/** Where a Millrace keeps its store, over restarts as well. */
export interface Home {
  readonly folder: string
  remove(): Promise<void>
}

export async function makeHome(): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-backends-'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

interface StartOptions {
  readonly flags?: readonly string[]
  readonly home?: Home
  readonly env?: Readonly<Record<string, string>>
}

/** With a home of its own, which goes with it, unless one is given. */
export async function startMillrace(
  config: Readonly<Record<string, unknown>>,
  { env = {}, flags = [], home }: StartOptions = {},
): Promise<MillraceProcess> {
  if (!existsSync(builtFile)) throw new Error(`There is no ${builtFile}: \`npm run build\` makes it.`)
  const { folder, remove } = home ?? (await makeHome())
  const port = await freePort()
  const file = join(folder, 'millrace.json')
  const store = `sqlite:${join(folder, 'millrace.db')}`
  await writeFile(file, JSON.stringify({ server: { host: '127.0.0.1', port }, store, ...config }))
  const child = spawn(process.execPath, [builtFile, 'start', '--config', file, ...flags], {
    cwd: folder,
    env: { ...cleanEnvironment(), AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let written = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written += text))
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'close')
  const endpoint = `http://127.0.0.1:${port}`
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`Millrace ended with ${child.exitCode}: ${written}`)
    const response = await fetch(`${endpoint}/readyz`).catch(() => undefined)
    return response?.ok === true
  }, 'Millrace is ready')
  return {
    endpoint,
    log: () => written.split('\n').filter((line) => line !== ''),
    async stop() {
      process.off('exit', kill)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
      if (home === undefined) await remove()
    },
  }
}
