import { cp, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'

export const repository = join(import.meta.dirname, '../../..')

const copied = [
  'src',
  'package.json',
  'package-lock.json',
  'rolldown.config.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
  'README.md',
  'LICENSE',
]

/** What a fresh clone has after `npm ci`: building there is in nobody's way here. */
export async function freshCopy(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of copied) await cp(join(repository, name), join(folder, name), { recursive: true })
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
}
