import { readdirSync, readFileSync } from 'node:fs'

export interface Usage {
  /** On a core since the process began, all its threads. */
  readonly cpuMs: number
  readonly rssBytes: number
}

/** What a process has used so far; null where there is no /proc. */
export function usageOf(pid: number): Usage | null {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    const cpuNs = tasks.reduce((sum, task) => sum + onCoreNs(`/proc/${pid}/task/${task}/schedstat`), 0)
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return { cpuMs: cpuNs / 1e6, rssBytes: Number(resident?.[1] ?? 0) * 1_024 }
  } catch {
    return null
  }
}

/** A thread may end between the listing and the reading. */
function onCoreNs(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0])
  } catch {
    return 0
  }
}

/** The monotonic clock that all processes of a machine share. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
