import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { builtFile } from './built-file.ts'
import { until } from '../../support/until.ts'

/** A process space of its own, in which what is started is PID 1, as in a container. Some machines allow none. */
const ownSpace = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child']
const isAllowed =
  spawnSync('unshare', [...ownSpace, 'true']).status === 0 &&
  existsSync(`/proc/${process.pid}/task/${process.pid}/children`)

it.skipIf(!isAllowed).each(['SIGTERM', 'SIGINT'] as const)(
  'as PID 1 the process ends on %s, with 0',
  async (signal) => {
    const port = await freePort()
    await asPidOne(['start', '--store', 'memory:', '--port', String(port)], async ({ pid, ended }) => {
      await until(
        async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true,
        'it is ready',
      )
      process.kill(pid, signal)
      expect(await ended).toBe(0)
    })
  },
)

it.skipIf(!isAllowed).each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('as PID 1 a command that waits for an answer ends on %s with %i', async (signal, code) => {
  const silent = createServer()
  const asked = once(silent, 'connection')
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  try {
    const { port } = silent.address() as AddressInfo
    await asPidOne(['mappings', 'list', '--endpoint', `http://127.0.0.1:${port}`], async ({ pid, ended }) => {
      await asked
      process.kill(pid, signal)
      expect(await ended).toBe(code)
    })
  } finally {
    silent.close()
  }
})

interface PidOne {
  /** Its number in our own space. */
  readonly pid: number
  readonly ended: Promise<number | null>
}

async function asPidOne(args: readonly string[], use: (process: PidOne) => Promise<void>): Promise<void> {
  const cwd = await mkdtemp(join(tmpdir(), 'millrace-pid-1-'))
  const env = { PATH: process.env['PATH'], HOME: cwd }
  const outer = spawn('unshare', [...ownSpace, process.execPath, builtFile, ...args], { cwd, env, stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => outer.once('close', resolve))
  try {
    const children = `/proc/${outer.pid}/task/${outer.pid}/children`
    let pid = 0
    await until(async () => (pid = Number((await readFile(children, 'utf8')).trim())) > 0, 'it was started')
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^NSpid:.*\t1$/m)
    await use({ pid, ended })
  } finally {
    outer.kill('SIGKILL')
    await rm(cwd, { recursive: true, force: true })
  }
}
