import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { builtFile } from './built-file.ts'

const root = join(import.meta.dirname, '../../..')

it('the built files are ASCII: anything else would make V8 keep all of one in two bytes a character', async () => {
  const chunks = await readChunks()
  const odd = [...chunks].filter(([, source]) => source.some((byte) => byte > 0x7f)).map(([name]) => name)
  expect(odd).toEqual([])
  expect([...chunks.values()].reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(1_000_000)
})

it('the clients of the AWS SDK whose endpoint rules are rarely asked for are read only then', async () => {
  const chunks = await readChunks()
  const eager = importsOf(['millrace.mjs', 'index.mjs'], chunks)
  const sources = [...eager].map((name) => chunks.get(name)?.toString() ?? '')
  for (const client of ['s3', 'lambda', 'kinesis', 'dynamodb', 'sns', 'sqs']) {
    const region = `node_modules/@aws-sdk/client-${client}/`
    expect([...chunks.values()].some((source) => source.includes(region))).toBe(true)
    expect(sources.filter((source) => source.includes(region))).toEqual([])
  }
})

/** The built files by their names below dist. */
async function readChunks(): Promise<ReadonlyMap<string, Buffer>> {
  const dist = dirname(builtFile)
  const names = (await readdir(join(dist, 'chunks'))).map((name) => `chunks/${name}`)
  const files = ['millrace.mjs', 'index.mjs', ...names].map(
    async (name) => [name, await readFile(join(dist, name))] as const,
  )
  return new Map(await Promise.all(files))
}

/** These and what they import at once, directly and through others. */
function importsOf(names: readonly string[], chunks: ReadonlyMap<string, Buffer>): ReadonlySet<string> {
  const found = new Set(names)
  for (const name of found) {
    const source = chunks.get(name)?.toString() ?? ''
    for (const [, path = ''] of source.matchAll(/^(?:import|export) [^"']*["'](\.[^"']+)["']/gm)) {
      found.add(join(dirname(name), path))
    }
  }
  return found
}

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
