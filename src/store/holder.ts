import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** What the store held when this process wrote it last. It tells the next one whether the file is still the one that was left. */
export interface Memory {
  readonly mappings: number
  /** How often mappings were written, in the whole life of the store. */
  readonly changes: number
}

interface Holder extends Partial<Memory> {
  readonly pid: number
  readonly host: string
  readonly since: string
  /** It has closed the store. */
  readonly until?: string
}

export interface HolderNote {
  /** What the process before this one left; null: nobody knows. */
  readonly before: (Memory & { readonly at: string }) | null
  remember(memory: Memory): void
  leave(): void
}

/**
 * The note beside the store, in plain text: who has it open, and what is in it. It guards nothing (the lock on the database
 * does), may be left over from a process that was killed, and is never believed against the database itself.
 */
export function takeNote(path: string): HolderNote {
  const since = new Date().toISOString()
  const before = memoryOf(path)
  let memory: Memory | null = before && { mappings: before.mappings, changes: before.changes }
  let left = false
  const write = (more: Partial<Holder>): void => {
    const holder: Holder = { pid: process.pid, host: hostname(), since, ...memory, ...more }
    writeFileSync(pathOf(path), `${JSON.stringify(holder)}\n`)
  }
  const writeIfPossible = (more: Partial<Holder>): void => {
    try {
      write(more)
    } catch {
      // Where a file cannot be written the database says so itself, and it is the one that counts.
    }
  }
  write({})
  return {
    before,
    remember: (now) => {
      memory = now
      if (!left) writeIfPossible({})
    },
    leave: () => {
      left = true
      writeIfPossible({ until: new Date().toISOString() })
    },
  }
}

/** For the text of a refusal. */
export function describeHolder(path: string): string {
  const unknown = 'another process'
  const holder = read(path)
  if (holder === null || holder.until !== undefined) return unknown
  const { pid, host, since } = holder
  if (host === hostname() && !isAlive(pid)) return unknown
  return pid === process.pid && host === hostname()
    ? `this process itself (pid ${pid}, since ${since})`
    : `process ${pid} on ${host}, since ${since}`
}

function memoryOf(path: string): HolderNote['before'] {
  const holder = read(path)
  const { mappings, changes } = holder ?? {}
  if (holder === null || !Number.isSafeInteger(mappings) || !Number.isSafeInteger(changes)) return null
  return { mappings: Number(mappings), changes: Number(changes), at: holder.until ?? holder.since }
}

function read(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(pathOf(path), 'utf8')) as Holder
  } catch {
    return null
  }
}

function pathOf(path: string): string {
  return `${path}.holder`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process is there but belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
