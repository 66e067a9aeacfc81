import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

const root = join(import.meta.dirname, '../../..')
const folders = ['src', 'test', 'deploy', 'docs', '.github']

/** The files of the repository, by their paths from its root. */
export interface Tree {
  readonly files: ReadonlySet<string>
  readonly folders: ReadonlySet<string>
  readonly baseNames: ReadonlySet<string>
  read(file: string): string
}

export function readTree(): Tree {
  const top = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile())
  const files = new Set(top.map(({ name }) => name))
  const found = new Set(folders)
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name).slice(root.length + 1)
      if (entry.isFile()) files.add(path)
      else found.add(path)
    }
  }
  return {
    files,
    folders: found,
    baseNames: new Set([...files].map((file) => posix.basename(file))),
    read: (file) => readFileSync(join(root, file), 'utf8'),
  }
}

/** What is checked: every page, every source, every test. The fixtures are broken on purpose. */
export function pagesOf({ files }: Tree): readonly string[] {
  return [...files]
    .filter((file) => /\.(?:md|ts|mjs)$/.test(file) && !file.startsWith('test/tools/docs/fixtures/'))
    .toSorted()
}
