import { readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

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
  writeBundle: (options) => chmod(fileURLToPath(new URL(options.file, import.meta.url)), 0o755),
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

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

const common = {
  platform: 'node',
  external: optional,
  // `using` is not in every Node that is supported.
  transform: { target: 'node22', define: { millraceVersion: JSON.stringify(version) } },
  tsconfig: 'tsconfig.json',
}

function output(file) {
  return { file, format: 'esm', codeSplitting: false }
}

export default [
  { ...common, input: 'src/main.ts', output: output('dist/millrace.mjs'), plugins: [lateSqlite, ascii, executable] },
  { ...common, input: 'src/service.ts', output: output('dist/index.mjs'), plugins: [lateSqlite, ascii] },
  {
    ...common,
    input: 'src/testcontainers/millrace-container.ts',
    output: output('dist/testcontainers.mjs'),
    // The tests that use it have their own.
    external: ['testcontainers'],
  },
]
