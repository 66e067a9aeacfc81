import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { builtFile } from './built-file.ts'

const root = join(import.meta.dirname, '../../..')

/** Vitest runs this once before the process tests: they test what the sources say now, never an old build. */
export async function setup(): Promise<void> {
  if (!isStale()) return
  // The bundles alone: whether the types are right is for `npm run check` to say.
  await promisify(execFile)(join(root, 'node_modules/.bin/rolldown'), ['--config', 'rolldown.config.mjs'], {
    cwd: root,
  })
}

function isStale(): boolean {
  if (!existsSync(builtFile)) return true
  const builtMs = statSync(builtFile).mtimeMs
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return [...sources, join(root, 'package.json'), join(root, 'rolldown.config.mjs')].some(
    (file) => statSync(file).mtimeMs > builtMs,
  )
}
