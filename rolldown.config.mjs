import { readFileSync } from 'node:fs'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

/** The try-out's servers stay packages of their own: optional, and looked up only when `millrace dev` asks for them. */
const optional = ['fauxqs', 'kinesis-local', /^@dynoxide\//]

/**
 * Static imports of built-in modules are hoisted to the top of a bundle and there come before the check of Node's version;
 * on a Node without node:sqlite the process would die of an unknown module instead of saying which Node it needs.
 */
const lateSqlite = {
  name: 'late-sqlite',
  resolveId: (id) => (id === 'node:sqlite' ? '\0late-sqlite' : null),
  load: (id) =>
    id === '\0late-sqlite'
      ? `const sqlite = process.getBuiltinModule('node:sqlite')\nexport const { DatabaseSync, StatementSync, constants, backup } = sqlite`
      : null,
}

const executable = {
  name: 'executable',
  writeBundle: () => chmod(fileURLToPath(new URL('dist/millrace.mjs', import.meta.url)), 0o755),
}

/**
 * V8 keeps a source with a single character beyond Latin 1 in two bytes a character, for as long as the process lives: 4 MB
 * more for a handful of arrows in comments and tables. Escapes mean the same in strings, patterns and names.
 */
const ascii = {
  name: 'ascii',
  // Earlier than this, the printer of the bundler would put the characters back.
  generateBundle: (_options, bundle) => {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue
      chunk.code = chunk.code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    }
  },
}

/**
 * What is inside of the bundles, as a CycloneDX bill of materials: the packages whose modules are in them, with the versions and
 * hashes of the lock file. The packages themselves are development dependencies, since whoever installs Millrace needs none.
 */
const bundled = new Set()
const billOfMaterials = {
  name: 'bill-of-materials',
  generateBundle: (_options, bundle) => {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue
      for (const module of chunk.moduleIds) {
        const [, path] = /(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(module) ?? []
        if (path !== undefined) bundled.add(path)
      }
    }
  },
  writeBundle: () => writeFile(new URL('dist/sbom.cdx.json', import.meta.url), `${JSON.stringify(bill(), null, 2)}\n`),
}

function bill() {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url), 'utf8'))
  const components = Array.from(bundled)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((path) => {
      const { integrity, license, version: of } = packages[path]
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const [algorithm, digest] = integrity.split('-', 2)
      return {
        type: 'library',
        'bom-ref': path,
        name,
        version: of,
        purl: `pkg:npm/${name.replace('@', '%40')}@${of}`,
        licenses: [/[( ]/.test(license) ? { expression: license } : { license: { id: license } }],
        hashes: [{ alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }],
      }
    })
  const self = {
    type: 'application',
    'bom-ref': 'millrace',
    name: 'millrace',
    version,
    purl: `pkg:npm/millrace@${version}`,
  }
  return { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, metadata: { component: self }, components }
}

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

const common = {
  platform: 'node',
  external: optional,
  // `using` is not in every Node that is supported.
  transform: { target: 'node22', define: { millraceVersion: JSON.stringify(version) } },
  tsconfig: 'tsconfig.json',
}

const chunks = 'dist/chunks'

const bundles = [
  {
    ...common,
    input: { millrace: 'src/main.ts', index: 'src/service.ts' },
    // What is imported late is a file of its own: V8 takes 30 MB more to read everything as one, and most of the AWS SDK is never asked for.
    output: { dir: 'dist', format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' },
    plugins: [lateSqlite, ascii, executable, billOfMaterials],
  },
  {
    ...common,
    input: { testcontainers: 'src/testcontainers/millrace-container.ts' },
    output: { dir: 'dist', format: 'esm', entryFileNames: '[name].mjs', codeSplitting: false },
    // The tests that use it have their own.
    external: ['testcontainers'],
    plugins: [billOfMaterials],
  },
]

export default bundles

// Run as a script: the command line of rolldown would print every file as `<DIR>/…`.
if (import.meta.main) {
  // The names of chunks say what is in them: those of another build would stay.
  await rm(new URL(chunks, import.meta.url), { recursive: true, force: true })
  for (const bundle of bundles) {
    await build(bundle)
    for (const name of Object.keys(bundle.input)) process.stdout.write(`dist/${name}.mjs\n`)
  }
}
