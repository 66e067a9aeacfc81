import { expect, it, vi } from 'vitest'
import { supervise, type Running } from '../../../src/cli/supervise.ts'

interface Scene {
  readonly calls: string[]
  readonly said: string[]
  readonly signal: (name: string) => void
  readonly close: () => void
  readonly fail: (error: Error) => void
  readonly service: Running
  readonly options: Parameters<typeof supervise>[1]
}

function scene(graceMs = 60_000): Scene {
  const calls: string[] = []
  const said: string[] = []
  const listeners: ((name: string) => void)[] = []
  const closed = Promise.withResolvers<void>()
  const service: Running = {
    stop: () => {
      calls.push('stop')
      return closed.promise
    },
    abort: () => calls.push('abort'),
    closed: closed.promise,
  }
  return {
    calls,
    said,
    signal: (name) => listeners.forEach((listener) => listener(name)),
    close: () => closed.resolve(),
    fail: (error) => closed.reject(error),
    service,
    options: {
      terminal: { out: (line) => said.push(line), err: (line) => said.push(line) },
      onSignal: (listener) => listeners.push(listener),
      graceMs,
      exit: (code) => calls.push(`exit ${code}`),
    },
  }
}

/** Lets everything that is already settled run. */
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve))

it('the first signal drains, and a clean end is exit code 0', async () => {
  const { calls, said, signal, close, service, options } = scene()
  const code = supervise(() => Promise.resolve(service), options)
  await settled()
  signal('SIGTERM')
  expect(calls).toEqual(['stop'])
  expect(said.join()).toContain('SIGTERM')
  close()
  expect(await code).toBe(0)
})

it('the second signal aborts, and that is exit code 1', async () => {
  const { calls, signal, close, service, options } = scene()
  const code = supervise(() => Promise.resolve(service), options)
  await settled()
  signal('SIGTERM')
  signal('SIGINT')
  expect(calls).toEqual(['stop', 'abort'])
  close()
  expect(await code).toBe(1)
})

it('the third signal leaves at once', async () => {
  const { calls, signal, service, options } = scene()
  void supervise(() => Promise.resolve(service), options)
  await settled()
  for (const name of ['SIGTERM', 'SIGTERM', 'SIGTERM']) signal(name)
  expect(calls).toEqual(['stop', 'abort', 'exit 1'])
})

it('a signal that arrives during the start drains as soon as the service is up', async () => {
  const { calls, signal, close, service, options } = scene()
  const starting = Promise.withResolvers<Running>()
  const code = supervise(() => starting.promise, options)
  signal('SIGTERM')
  expect(calls).toEqual([])
  starting.resolve(service)
  await settled()
  expect(calls).toEqual(['stop'])
  close()
  expect(await code).toBe(0)
})

it('a drain that takes longer than the grace time is aborted, one that still does not end is left', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const { calls, signal, service, options } = scene(8_000)
    void supervise(() => Promise.resolve(service), options)
    await settled()
    signal('SIGTERM')
    vi.advanceTimersByTime(7_999)
    expect(calls).toEqual(['stop'])
    vi.advanceTimersByTime(1)
    expect(calls).toEqual(['stop', 'abort'])
    vi.advanceTimersByTime(3_000)
    expect(calls).toEqual(['stop', 'abort', 'exit 1'])
  } finally {
    vi.useRealTimers()
  }
})

it('a second signal is not followed by the abort of the grace time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const { calls, signal, service, options } = scene(1_000)
    void supervise(() => Promise.resolve(service), options)
    await settled()
    signal('SIGTERM')
    signal('SIGTERM')
    vi.advanceTimersByTime(1_500)
    expect(calls).toEqual(['stop', 'abort'])
  } finally {
    vi.useRealTimers()
  }
})

it('no timer stays once the service has ended', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const { signal, close, service, options } = scene()
    const code = supervise(() => Promise.resolve(service), options)
    await settled()
    signal('SIGTERM')
    expect(vi.getTimerCount()).toBe(1)
    close()
    await code
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

it('a service that ends by itself hands its error on', async () => {
  const { fail, service, options } = scene()
  const code = supervise(() => Promise.resolve(service), options)
  await settled()
  fail(new Error('the port was taken away'))
  await expect(code).rejects.toThrow('the port was taken away')
})

it('a start that fails hands its error on', async () => {
  const { options } = scene()
  await expect(supervise(() => Promise.reject(new Error('no store')), options)).rejects.toThrow('no store')
})
