import { exitCode, type ExitCode } from './exit-code.ts'
import type { Terminal } from './terminal.ts'

/** What is kept running: the handle of a started service, or anything with the same three ends. */
export interface Running {
  /** Finishes what is in flight, hands back what is held. The same promise however often it is called. */
  stop(): Promise<void>
  /** Cuts off what is still out. */
  abort(): void
  /** Resolves when it has ended; rejects when it ended by itself. */
  readonly closed: Promise<void>
}

export interface SuperviseOptions {
  readonly terminal: Terminal
  readonly onSignal: (listener: (signal: string) => void) => void
  /** How long a drain may take before it is cut off. */
  readonly graceMs: number
  /** The way out when nothing else works. */
  readonly exit: (code: ExitCode) => void
}

/** Once aborted, the service has this long to close its files before the process goes regardless. */
const abortMsMax = 3_000

/**
 * Keeps `start()` running until it ends or the first signal. Stages, each entered by its time running out or by one more
 * signal: drain, abort, exit.
 *
 *     running --signal--> draining --signal or graceMs--> aborting --signal or 3 s--> exit
 *
 * Signals count from before the start, so that one that arrives while the service is starting is not lost.
 */
export async function supervise(start: () => Promise<Running>, options: SuperviseOptions): Promise<ExitCode> {
  const { terminal, exit } = options
  const timers: NodeJS.Timeout[] = []
  let running: Running | undefined
  let signals = 0
  let aborted = false

  const advance = (why: string) => {
    if (signals === 1) {
      terminal.err(`millrace: ${why}, finishing what is in flight (again to cut it off)`)
      drain()
    } else if (signals === 2) {
      terminal.err(`millrace: ${why}, cutting off what is still out (again to leave at once)`)
      abort()
    } else {
      exit(exitCode.failed)
    }
  }
  const skipTo = (stage: number, why: string) => {
    if (signals >= stage) return
    signals = stage
    advance(why)
  }
  const drain = () => {
    if (!running) return
    // How it went is told by `closed`.
    running.stop().catch(() => undefined)
    timers.push(setTimeout(() => skipTo(2, `not done after ${options.graceMs} ms`), options.graceMs).unref())
  }
  const abort = () => {
    aborted = true
    running?.abort()
    timers.push(setTimeout(() => skipTo(3, 'still not closed'), abortMsMax).unref())
  }

  options.onSignal((signal) => {
    signals += 1
    advance(signal)
  })
  try {
    running = await start()
    if (signals >= 1) drain()
    if (signals >= 2) abort()
    await running.closed
    return aborted ? exitCode.failed : exitCode.ok
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}
