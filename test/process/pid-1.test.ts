import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../fakes/free-port.ts'
import { builtFile } from './built-file.ts'
import { until } from './until.ts'

/** A process space of its own, in which what is started is PID 1, as in a container. Some machines allow none. */
const ownSpace = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child']
const isAllowed =
  spawnSync('unshare', [...ownSpace, 'true']).status === 0 &&
  existsSync(`/proc/${process.pid}/task/${process.pid}/children`)

test.skipIf(!isAllowed).each(['SIGTERM', 'SIGINT'] as const)(
  'as PID 1 the process ends on %s, with 0',
  async (signal) => {
    const cwd = await mkdtemp(join(tmpdir(), 'millrace-pid-1-'))
    const port = await freePort()
    const args = ['start', '--store', 'memory:', '--port', String(port)]
    const env = { PATH: process.env['PATH'], HOME: cwd }
    const outer = spawn('unshare', [...ownSpace, process.execPath, builtFile, ...args], { cwd, env, stdio: 'ignore' })
    try {
      const ended = once(outer, 'close')
      await until(
        async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true,
        'it is ready',
      )
      const [inner] = (await readFile(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8')).trim().split(' ')
      const status = await readFile(`/proc/${inner}/status`, 'utf8')
      expect(status).toMatch(/^NSpid:.*\t1$/m)
      process.kill(Number(inner), signal)
      expect((await ended)[0]).toBe(0)
    } finally {
      outer.kill('SIGKILL')
      await rm(cwd, { recursive: true, force: true })
    }
  },
)
