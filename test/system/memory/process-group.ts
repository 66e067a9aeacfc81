import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'

/** A control group that a process can be put into, with a limit to its memory. */
export interface MemoryGroup {
  /** Puts what follows on its command line into the group. */
  readonly launcher: readonly string[]
  close(): void
}

const roots = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', swap: 'memory.memsw.limit_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', swap: 'memory.swap.max' },
] as const

/** Null: this machine does not let us make one. */
export function openMemoryGroup(bytes: number): MemoryGroup | null {
  for (const { root, limit, swap } of roots) {
    const folder = `${root}/millrace-memory-${process.pid}-${bytes}`
    try {
      mkdirSync(folder)
      if (!existsSync(`${folder}/${limit}`)) throw new Error('no memory controller')
      writeFileSync(`${folder}/${limit}`, String(bytes))
      if (existsSync(`${folder}/${swap}`))
        writeFileSync(`${folder}/${swap}`, swap === 'memory.swap.max' ? '0' : String(bytes))
    } catch {
      close(folder)
      continue
    }
    return { launcher: ['sh', '-c', `echo $$ > ${folder}/cgroup.procs && exec "$@"`, 'sh'], close: () => close(folder) }
  }
  return null
}

function close(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It was not made, or its last process is on its way out.
  }
}
