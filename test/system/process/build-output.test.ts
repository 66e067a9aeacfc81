import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { builtFile } from './built-file.ts'

const root = join(import.meta.dirname, '../../..')

it('the built file is ASCII: anything else would make V8 keep all of it in two bytes a character', async () => {
  const source = await readFile(builtFile)
  expect(source.length).toBeGreaterThan(1_000_000)
  expect(source.findIndex((byte) => byte > 0x7f)).toBe(-1)
})

it('the build says which files it made, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-build-'))
  try {
    for (const part of ['src', 'node_modules']) await symlink(join(root, part), join(folder, part))
    for (const part of ['package.json', 'package-lock.json', 'tsconfig.json', 'rolldown.config.mjs']) {
      await copyFile(join(root, part), join(folder, part))
    }
    const built = await promisify(execFile)(process.execPath, ['rolldown.config.mjs'], { cwd: folder })
    expect(built.stdout).toBe('dist/millrace.mjs\ndist/index.mjs\ndist/testcontainers.mjs\n')
    expect(built.stderr).toBe('')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
