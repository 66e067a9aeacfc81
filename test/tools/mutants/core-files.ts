import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The sources of the core by their paths below `src/core`. */
export async function readCore(root: string): Promise<ReadonlyMap<string, string>> {
  const core = join(root, 'src/core')
  const files = (await readdir(core, { recursive: true })).filter((file) => file.endsWith('.ts'))
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(core, file), 'utf8')] as const)),
  )
}
