import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { builtFile } from './built-file.ts'
import { startStack, type Stack } from './stack.ts'
import { until } from '../../support/until.ts'

let stack: Stack
const running = new Set<ReturnType<typeof spawn>>()

beforeEach(async () => {
  stack = await startStack({ mode: 'answer' })
})

afterEach(async ({ task }) => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
  await stack.stop(task.result?.state)
})

function run(args: readonly string[], stdio: 'pipe' | number) {
  const child = spawn(process.execPath, [builtFile, ...args], {
    cwd: stack.folder,
    env: { PATH: process.env['PATH'], HOME: stack.folder, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    stdio: ['ignore', stdio, stdio],
  })
  running.add(child)
  return { child, exited: once(child, 'exit').then(([code]) => code as number | null) }
}

const isReady = async () => (await fetch(`${stack.endpoint}/readyz`).catch(() => undefined))?.ok === true

/** It delivers what is sent now, and one SIGTERM ends it: with this code. */
async function codeAfterDelivery({ child, exited }: ReturnType<typeof run>): Promise<number | null> {
  await until(isReady, 'it is ready')
  stack.queues.sendMessage('orders', 'one')
  await until(() => stack.target.invocations.length === 1 && stack.left() === 0, 'the message is delivered')
  child.kill('SIGTERM')
  return await exited
}

/** A pipe that holds all it can, as behind a reader that was stopped. */
function fullPipe(path: string): { readonly full: number; close(): void } {
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const block = Buffer.alloc(4_096, 'x')
  expect(() => {
    for (;;) writeSync(reader, block)
  }).toThrow('EAGAIN')
  const full = openSync(path, 'w')
  return {
    full,
    close: () => {
      closeSync(full)
      closeSync(reader)
    },
  }
}

const start = ['start', '--config', 'millrace.yaml', '--log-level', 'debug']

it('a start whose reader is gone after one line delivers on and stops at the first SIGTERM', async () => {
  const millrace = run(start, 'pipe')
  const { stdout, stderr } = millrace.child
  await once(stdout ?? millrace.child, 'data')
  stdout?.destroy()
  stderr?.destroy()
  expect(await codeAfterDelivery(millrace)).toBe(0)
})

it('a start whose reader reads no more, though it is there, delivers on and stops', async () => {
  const { full, close } = fullPipe(join(stack.folder, 'pipe'))
  const millrace = run(start, full)
  try {
    expect(await codeAfterDelivery(millrace)).toBe(0)
  } finally {
    close()
  }
})

it('a start whose disk is full delivers on and stops', async () => {
  const full = openSync('/dev/full', 'w')
  const millrace = run(start, full)
  closeSync(full)
  expect(await codeAfterDelivery(millrace)).toBe(0)
})

it('dev goes on when its reader is gone', async () => {
  const { child, exited } = run(['dev', '--port', '0'], 'pipe')
  const { stdout, stderr } = child
  let said = ''
  stdout?.setEncoding('utf8').on('data', (text: string) => (said += text))
  await until(() => said.includes('Ready after'), 'dev is ready')
  const endpoint = /Millrace +(http:\S+)/.exec(said)?.[1] ?? ''
  stdout?.destroy()
  stderr?.destroy()
  const invoked = async () => {
    const text = await (await fetch(`${endpoint}/metrics`)).text()
    return [...text.matchAll(/^millrace_invocations_total\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0)
  }
  const before = await invoked()
  // Each invocation writes a line.
  await until(async () => (await invoked()) > before + 2, 'more is invoked')
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

it('a command whose answer cannot be written fails with the reason, and with none when the reader has seen enough', async () => {
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [builtFile, '--help'], { cwd: stack.folder, stdio: ['ignore', full, 'pipe'] })
  closeSync(full)
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  expect((await once(child, 'close'))[0]).toBe(1)
  expect(said).toContain('millrace: the output could not be written: ENOSPC')

  const shell = spawn('sh', ['-c', `"${process.execPath}" "${builtFile}" start --help | head -1`], {
    cwd: join(stack.folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  shell.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  expect((await once(shell, 'close'))[0]).toBe(0)
  expect(errors).toBe('')
})
