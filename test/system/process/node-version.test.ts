import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { builtFile } from './built-file.ts'

const run = promisify(execFile)

/** The machine's own Node, where it is too old for Millrace. */
async function findOldNode(): Promise<string | null> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  for (const folder of folders) {
    const found = await run(join(folder, 'node'), ['--version']).catch(() => null)
    if (found !== null && /^v(1\d|20|21)\./.test(found.stdout)) return join(folder, 'node')
  }
  return null
}

const oldNode = await findOldNode()

it('an older Node is told in one sentence, before anything that it lacks is imported', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-node-'))
  try {
    // A Node that says it is 20, and has no node:sqlite.
    const preload = join(folder, 'old-node.mjs')
    await writeFile(
      preload,
      `Object.defineProperty(process.versions, 'node', { value: '20.20.2' })
const real = process.getBuiltinModule
process.getBuiltinModule = (name) => (name === 'node:sqlite' ? undefined : real.call(process, name))
`,
    )
    const copy = join(folder, 'millrace.mjs')
    await copyFile(builtFile, copy)
    const ran = run(process.execPath, ['--import', preload, copy, 'start'])
    await expect(ran).rejects.toMatchObject({ code: 1, stdout: '' })
    const { stderr } = await ran.catch((error: unknown) => error as { readonly stderr: string })
    expect(stderr).toMatch(/^millrace needs Node 22\.18 or newer; this is Node 20\.20\.2 \(.*\)\n$/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('the built file imports node:sqlite nowhere before the check of the version', async () => {
  expect(await readFile(builtFile, 'utf8')).not.toMatch(/^import .*node:sqlite/m)
})

it.skipIf(oldNode === null)("the machine's own Node, where it is older, says the same and nothing else", async () => {
  await expect(run(oldNode ?? '', [builtFile, '--version'])).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^millrace needs Node 22\.18 or newer; this is Node .*\n$/),
  })
})
