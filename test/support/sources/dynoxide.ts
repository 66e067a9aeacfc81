import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { startChildService } from './child-service.ts'
import type { ChildService } from './child-service.ts'

/** Where dynoxide's binary is, or why there is none: it is made for Linux on x64 alone. */
export function findDynoxide(): { readonly file: string } | { readonly absent: string } {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('@dynoxide/linux-x64/package.json'))
    const file = join(folder, 'dynoxide')
    return existsSync(file) ? { file } : { absent: `dynoxide is installed without its binary ${file}` }
  } catch {
    return { absent: `dynoxide is not installed on ${process.platform} ${process.arch}` }
  }
}

export function startDynoxide(file: string): Promise<ChildService> {
  return startChildService((port) => ({ file, args: ['-p', String(port)] }))
}
