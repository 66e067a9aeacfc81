import type { InvokeResult } from '../ports.ts'
import type { OtherWork } from './idle-sweep.ts'
import type { ApiDeps } from './api-deps.ts'

/** Asynchronous invocations (API_Invoke, `Event`): accepted first, run afterwards, in memory. */
export interface AsyncInvocations {
  /** False: too many are waiting. */
  accept(functionName: string, payload: string, traceHeader: string | undefined): boolean
  /** What was accepted and has not ended. */
  work(): OtherWork
  /** Takes its time: those that run end. Those that wait to be tried again are given up. */
  drain(): Promise<void>
}

/** Asynchronous invocations that have been accepted and not run yet; beyond them Lambda's own answer is a throttle. */
const asyncMax = 1_000
/** The payloads of all of them together: Lambda's queue is no memory of ours. */
const asyncBytesMax = 64 * 1_048_576
/** An asynchronous invocation that could not run is tried again, the pause doubling: about 4 minutes in all. */
const asyncAttemptsMax = 8
const asyncPauseMs = 1_000

export function createAsyncInvocations(
  { clock, functions, log }: Pick<ApiDeps, 'functions' | 'clock' | 'log'>,
  ended: AbortSignal,
): AsyncInvocations {
  const draining = new AbortController()
  const out = new Set<Promise<void>>()
  let acceptedBytes = 0
  let activity = 0
  let activeMs = 0
  const note = (): void => {
    activity += 1
    activeMs = clock.monoMs()
  }

  async function run(functionName: string, payload: string, traceHeader: string | undefined): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const result = await functions.invoke({ functionName, payload, traceHeader }, ended)
      if (isFailure(result)) log.warn({ functionName, kind: result.kind }, 'An asynchronous invocation failed.')
      if (result.kind === 'answered' || result.kind === 'lost') return
      if (attempt === asyncAttemptsMax || result.kind === 'missing' || result.kind === 'denied') {
        log.error({ functionName, attempt }, 'An asynchronous invocation is given up: the function did not run.')
        return
      }
      await pause(clock, asyncPauseMs * 2 ** (attempt - 1), AbortSignal.any([ended, draining.signal]))
    }
  }

  function failed(error: unknown, functionName: string): void {
    if (!ended.aborted && !draining.signal.aborted)
      log.error({ error, functionName }, 'An asynchronous invocation failed.')
    // Whoever sent it was told that it would run.
    else log.warn({ functionName }, 'An asynchronous invocation is given up: Millrace is stopping.')
  }

  return {
    accept(functionName, payload, traceHeader) {
      const bytes = Buffer.byteLength(payload)
      if (out.size >= asyncMax || acceptedBytes + bytes > asyncBytesMax) return false
      acceptedBytes += bytes
      note()
      const running = run(functionName, payload, traceHeader)
        .catch((error: unknown) => failed(error, functionName))
        .finally(() => {
          out.delete(running)
          acceptedBytes -= bytes
          note()
        })
      out.add(running)
      return true
    },
    work: () => ({ count: out.size, activity, activeMs }),
    async drain() {
      draining.abort()
      await Promise.all(out)
    },
  }
}

function isFailure(result: InvokeResult): boolean {
  return result.kind !== 'answered' || result.reply.functionError !== null
}

function pause(clock: Pick<ApiDeps['clock'], 'timer' | 'monoMs'>, ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(clock.monoMs() + ms, resolve)
    const stop = () => {
      cancel()
      reject(new Error('Millrace is stopping.'))
    }
    if (ended.aborted) stop()
    else ended.addEventListener('abort', stop, { once: true })
  })
}
