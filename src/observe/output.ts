import { writeSync } from 'node:fs'

/** Lines to a file descriptor. Whoever reads it, a pipe or a disk, may go: this process does not wait for them, nor end with them. */
export interface Output {
  /** Writes before it returns; what cannot be written is dropped, and the answer is false. */
  write(text: string): boolean
  /** How many texts were dropped since it was asked last, and why the last one was. */
  takeDropped(): { readonly count: number; readonly reason: string } | null
}

/** A reader that is slow is waited for this long, once: a stopped one must not hold up the deliveries. */
const patienceMs = 500
const pauseMs = 5

type Write = (fd: number, bytes: Uint8Array) => number

/**
 * NOTE: no stream and none of pino's own destinations. Those try a refused write again for ever, so that a process whose reader
 * was gone could only be killed, or they end with the first error, and stay silent when a full disk has room again.
 */
export function createOutput(fd: number, write: Write = writeSync, waitMs: (ms: number) => void = block): Output {
  /** The end of a text that went out in part: the next one must not be glued to it. */
  let rest: Uint8Array = new Uint8Array()
  let isStuck = false
  let dropped = 0
  let reason = ''

  /** Writes what it can; returns what is left, which is nothing when all went well. */
  const push = (bytes: Uint8Array): Uint8Array => {
    let left = bytes
    for (let waitedMs = 0; left.length > 0;) {
      try {
        left = left.subarray(write(fd, left))
        isStuck = false
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error)
        if (!isBusy(error) || isStuck || waitedMs >= patienceMs) {
          isStuck = true
          return left
        }
        waitMs(pauseMs)
        waitedMs += pauseMs
      }
    }
    return left
  }

  return {
    write: (text) => {
      rest = push(rest)
      const bytes = Buffer.from(text)
      const left = rest.length > 0 ? bytes : push(bytes)
      const isWritten = left.length === 0
      if (left.length < bytes.length) rest = left
      else if (!isWritten) dropped += 1
      return isWritten
    },
    takeDropped: () => {
      if (dropped === 0) return null
      const taken = { count: dropped, reason }
      dropped = 0
      return taken
    },
  }
}

/** A pipe that does not block is full. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
