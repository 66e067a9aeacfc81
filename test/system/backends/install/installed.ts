import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What became of an installation: the folder that holds it, or why there is none. */
export type Installed =
  { readonly kind: 'ready'; readonly folder: string } | { readonly kind: 'absent'; readonly reason: string }

/** What is to be in a folder of the cache, and how it gets there. Another recipe text makes it anew. */
export interface Recipe {
  readonly name: string
  readonly recipe: string
  readonly install: (folder: string) => Promise<void>
}

/** Outside the checkout, so that a fresh clone finds what an earlier one has installed. */
const cacheFolder =
  process.env['MILLRACE_BACKENDS_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace-backends')

const markerFile = '.installed'

/** Installs once; later calls find the marker that is written last. */
export async function installed({ name, recipe, install }: Recipe): Promise<Installed> {
  const folder = join(cacheFolder, name)
  const marker = join(folder, markerFile)
  const stamp = createHash('sha256').update(recipe).digest('hex')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === stamp) return { kind: 'ready', folder }
  try {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    await install(folder)
    await writeFile(marker, stamp)
    return { kind: 'ready', folder }
  } catch (error) {
    return { kind: 'absent', reason: error instanceof Error ? error.message : String(error) }
  }
}
