import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshCopy, repository } from '../readme/fresh-copy.ts'

// The package as `npm pack` makes it, installed where there is nothing else. Nothing is fetched: it needs no other package.

const run = promisify(execFile)
let folder = ''
let project = ''
let installed = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-package-'))
  const clone = join(folder, 'clone')
  project = join(folder, 'project')
  installed = join(project, 'node_modules/millrace')
  await freshCopy(clone)
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: clone })
  await run('mkdir', [project])
  await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }')
  const tarball = join(folder, stdout.trim().split('\n').at(-1) ?? '')
  await run('npm', ['install', '--omit=optional', '--offline', '--no-audit', '--no-fund', tarball], { cwd: project })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function filesBelow(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
}

describe('the package', () => {
  it('brings no other, and less than 12 MB', async () => {
    const packages = (await readdir(join(project, 'node_modules'))).filter((name) => !name.startsWith('.'))
    expect(packages).toEqual(['millrace'])
    const sizes = await Promise.all((await filesBelow(installed)).map(async (file) => (await stat(file)).size))
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    expect(bytes).toBeGreaterThan(1_000_000)
    expect(bytes).toBeLessThan(12_000_000)
  })

  it('runs', async () => {
    const { stdout } = await run(join(project, 'node_modules/.bin/millrace'), ['--version'], { cwd: project })
    const { version } = await json(join(repository, 'package.json'))
    expect(stdout.trim()).toContain(version)
  })

  it('has types that import nothing but themselves, Node and what it depends on', async () => {
    const { dependencies = {}, peerDependencies = {} } = await json(join(installed, 'package.json'))
    const known = new Set([...Object.keys(dependencies as object), ...Object.keys(peerDependencies as object)])
    const types = (await filesBelow(join(installed, 'dist/types'))).filter((file) => file.endsWith('.d.ts'))
    expect(types.length).toBeGreaterThan(5)
    const foreign: string[] = []
    for (const file of types) {
      const text = await readFile(file, 'utf8')
      for (const [, from = ''] of text.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
        const isOwn = from.startsWith('.') && types.includes(join(file, '..', from.replace(/\.ts$/, '.d.ts')))
        if (!isOwn && !from.startsWith('node:') && !known.has(from)) foreign.push(`${file}: ${from}`)
      }
    }
    expect(foreign).toEqual([])
  })

  it('is accepted by a strict compiler', async () => {
    await writeFile(
      join(project, 'use.ts'),
      "import { startMillrace } from 'millrace'\nconst millrace = await startMillrace({ port: 0 })\nconst endpoint: string = millrace.endpoint\nawait millrace.stop()\nconsole.log(endpoint)\n",
    )
    const types = join(repository, 'node_modules/@types')
    const strict = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'esnext',
      '--typeRoots',
      types,
      '--types',
      'node',
    ]
    const compiled = run(join(repository, 'node_modules/.bin/tsc'), [...strict, '--ignoreConfig', 'use.ts'], {
      cwd: project,
    })
    const complaints = await compiled.then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    )
    expect(complaints).toBe('')
  })

  it('names all that is inside of its bundles, with the versions and hashes of the lock file', async () => {
    const bill = await json(join(installed, 'dist/sbom.cdx.json'))
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { component: { name: 'millrace' } },
    })
    const components = bill['components'] as readonly {
      name: string
      version: string
      purl: string
      'bom-ref': string
      hashes: readonly { alg: string; content: string }[]
      licenses: readonly object[]
    }[]
    const names = components.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['fastify', 'pino', 'yaml', 'prom-client', 'p-queue', '@aws-sdk/client-sqs', 'ajv']),
    )
    expect(new Set(components.map((one) => one['bom-ref'])).size).toBe(components.length)
    const { packages } = (await json(join(repository, 'package-lock.json'))) as {
      packages: Record<string, { version: string; integrity: string }>
    }
    for (const { 'bom-ref': path, hashes, licenses, name, purl, version } of components) {
      const locked = packages[path]
      expect([name, version]).toEqual([name, locked?.version])
      expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`)
      expect(`sha512-${Buffer.from(hashes[0]?.content ?? '', 'hex').toString('base64')}`).toBe(locked?.integrity)
      expect(licenses).toHaveLength(1)
    }
  })

  it('has nothing else inside: every package of a bundle that says so in a comment of its own is in the bill', async () => {
    const bill = JSON.stringify(await json(join(installed, 'dist/sbom.cdx.json')))
    const built = (await filesBelow(join(installed, 'dist'))).filter((file) => file.endsWith('.mjs'))
    const sources = await Promise.all(built.map((file) => readFile(file, 'utf8')))
    const bundle = sources.join('\n')
    const regions = new Set(
      Array.from(bundle.matchAll(/\/\/#region (?:\S*\/)?node_modules\/((?:@[^/\s]+\/)?[^/\s]+)/g), ([, name]) => name),
    )
    expect(regions.size).toBeGreaterThan(20)
    expect([...regions].filter((name) => !bill.includes(`"name":"${name}"`))).toEqual([])
  })
})
