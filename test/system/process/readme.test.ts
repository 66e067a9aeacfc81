import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readmeCode, substituted } from '../readme/code-blocks.ts'
import { freshCopy, repository } from '../readme/fresh-copy.ts'
import { startLocalStack, type LocalStack } from '../readme/local-stack.ts'
import { typed, type Shell } from '../readme/shell.ts'
import { startFunction } from './function-server.ts'
import { until } from '../../support/until.ts'

// What README.md shows and Node alone can run, taken from there. Addresses and ports are a test's own; packages are not
// fetched again.

const waitMs = 120_000
vi.setConfig({ testTimeout: 3 * waitMs })

let folder = ''
let shell: Shell | undefined
let stack: LocalStack | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-readme-'))
})

afterEach(async () => {
  await shell?.end('SIGKILL')
  shell = undefined
  await stack?.stop()
  stack = undefined
  await rm(folder, { recursive: true, force: true })
})

/** Types the lines, and waits until they have written what the README says that they write. */
async function types(lines: string, promised: string | RegExp, cwd = repository): Promise<Shell> {
  const running = typed(lines, { cwd, env: { MILLRACE_PORT: '0', MILLRACE_STORE: 'memory:' } })
  shell = running
  await untilWritten(running, promised)
  return running
}

async function untilWritten(running: Shell, promised: string | RegExp): Promise<void> {
  const isWritten = () => running.written().search(promised) >= 0
  await until(
    () => isWritten() || running.ended(),
    () => `${String(promised)} in:\n${running.written()}`,
  )
  if (!isWritten()) throw new Error(`it ended without ${String(promised)}:\n${running.written()}`)
}

/** The address that a running Millrace has written into its log. */
function endpointOf(running: Shell): string {
  return /"endpoint":"(http:[^"]+)"/.exec(running.written())?.[1] ?? ''
}

it('a file with a mapping, and npx: messages of the queue reach the function at the same endpoint', async () => {
  stack = await startLocalStack(['orders'])
  const file = join(folder, 'millrace.yaml')
  await writeFile(
    file,
    substituted(readmeCode('With a stack that has an endpoint', 'yaml'), {
      'localhost:4566': `localhost:${stack.port}`,
    }),
  )
  const lines = substituted(readmeCode('With a stack that has an endpoint', 'sh'), { 'millrace.yaml': file })
  const running = await types(lines, 'Millrace is ready.')
  await untilWritten(running, 'The mapping is Enabled.')
  stack.send('orders', 'hello')
  const { left, received } = stack
  await until(() => received('orders').includes('hello'), 'the function has the message')
  await until(() => left('orders') === 0, 'the message is deleted')
  await running.end('SIGTERM')
  expect(running.written()).toContain('Millrace has stopped.')
})

it('functions of the file answer Invoke on the port of Millrace', async () => {
  const target = await startFunction('answer')
  const file = join(folder, 'millrace.yaml')
  const yaml = substituted(readmeCode('With functions of your own', 'yaml'), {
    'http://audit:8080/2015-03-31/functions/function/invocations': target.url,
  })
  await writeFile(file, yaml)
  const running = await types(`npx . start --config ${file}`, 'Millrace is ready.')
  const lambda = new LambdaClient({
    endpoint: endpointOf(running),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const Payload = JSON.stringify({ Records: [{ body: 'hello' }] })
  const { StatusCode, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: 'audit', Payload }))
  lambda.destroy()
  expect([StatusCode, FunctionError]).toEqual([200, undefined])
  expect(target.answered()).toEqual(['hello'])
  await running.end('SIGTERM')
  await target.stop()
})

it('in the same process: starts, says where it serves, stops, and the process ends', async () => {
  stack = await startLocalStack(['orders'])
  await mkdir(join(folder, 'node_modules'))
  await symlink(repository, join(folder, 'node_modules/millrace'))
  const code = readmeCode('In a test, in the same process', 'ts')
  await writeFile(join(folder, 'orders.ts'), substituted(code, { '127.0.0.1:4566': `127.0.0.1:${stack.port}` }))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['orders.ts'], {
    cwd: folder,
    timeout: waitMs,
  })
  expect(stdout).toMatch(/^The Lambda API is served at http:\/\/127\.0\.0\.1:\d+\.\n$/)
  expect(stderr).toBe('')
})

it('npm start in a fresh copy builds, and starts the try-out', async () => {
  await freshCopy(folder)
  const lines = substituted(readmeCode('Try it', 'sh'), { 'npm ci && ': '' })
  const running = await types(lines, 'Ready after', folder)
  await untilWritten(running, /^\S+ {2}orders +\S+ ms {2}/m)
  expect(running.written()).toMatch(/^SQS, SNS, S3 +http:/m)
  await running.end('SIGTERM')
})
