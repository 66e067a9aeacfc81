import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

interface Holder {
  readonly pid: number
  readonly host: string
  readonly since: string
}

/**
 * A note beside the store that says in plain text who has it open. It guards nothing (the lock on the database does) and
 * may be left over from a process that was killed; it is only read for the text of a refusal.
 */
function noteOf(path: string): string {
  return `${path}.holder`
}

export function writeHolder(path: string): void {
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  writeFileSync(noteOf(path), `${JSON.stringify(holder)}\n`)
}

export function forgetHolder(path: string): void {
  rmSync(noteOf(path), { force: true })
}

export function describeHolder(path: string): string {
  const unknown = 'another process'
  try {
    const { pid, host, since } = JSON.parse(readFileSync(noteOf(path), 'utf8')) as Holder
    if (host === hostname() && !isAlive(pid)) return unknown
    return pid === process.pid && host === hostname()
      ? `this process itself (pid ${pid}, since ${since})`
      : `process ${pid} on ${host}, since ${since}`
  } catch {
    return unknown
  }
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
