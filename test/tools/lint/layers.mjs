// An oxlint plugin of our own: who may import whom (the table in src/README.md), and the few rules of the house that no
// stock rule expresses. test/tools/lint/*.test.ts break each of them once: a rule that silently does not fire is worthless.
import { dirname, relative, resolve, sep } from 'node:path'

const src = resolve(import.meta.dirname, '../../../src')
const adapter = ['model', 'ports', 'async', 'events', 'observe', 'access', 'aws', 'node']

/** Folder (or file) below src → what it may import beside itself. `node`: any node:*; `aws`: the SDK; `type:x`: x as types. */
const table = {
  model: [],
  ports: ['model'],
  core: ['model'],
  async: ['ports'],
  events: ['model', 'node:buffer'],
  engine: ['model', 'ports', 'async', 'core', 'events', 'observe', 'npm:p-queue', 'node'],
  auth: ['model', 'node'],
  access: ['model', 'ports', 'observe', 'auth', 'aws', 'node'],
  sources: adapter,
  targets: adapter,
  destinations: adapter,
  store: adapter,
  config: ['model', 'npm:yaml', 'node'],
  api: ['model', 'ports', 'async', 'events', 'observe', 'auth', 'access', 'npm:fastify', 'aws', 'node', 'type:engine'],
  observe: ['model', 'node', 'npm:pino', 'npm:prom-client'],
  testcontainers: ['model', 'npm:testcontainers', 'node'],
  service:
    'model ports connections core events engine auth access sources targets destinations store config api observe node'.split(
      ' ',
    ),
  inspection: 'model connections engine access destinations api observe'.split(' '),
  connections: 'model ports access sources targets api observe node'.split(' '),
  cli: ['model', 'config', 'observe', 'auth', 'node', 'npm:fauxqs'],
  main: ['cli', 'model', 'config', 'observe', 'node'],
}

/** One file of a folder that may do more than the folder. */
const exceptions = { 'cli/start.ts': ['service', 'inspection'] }

function layerOf(file) {
  const parts = relative(src, file).split(sep)
  return parts.length > 1 ? parts[0] : parts[0].replace(/\.ts$/, '')
}

function targetOf(file, specifier) {
  if (specifier.startsWith('.')) return layerOf(resolve(dirname(file), specifier))
  if (specifier.startsWith('node:')) return specifier
  if (/^@(aws-sdk|smithy|aws-crypto)\//.test(specifier)) return 'aws'
  return `npm:${specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')}`
}

function allowedTo(file) {
  const allowed = table[layerOf(file)]
  return allowed && [...allowed, ...(exceptions[relative(src, file).split(sep).join('/')] ?? [])]
}

function isInside(file) {
  return !relative(src, file).startsWith('..')
}

function checkImport(context, node, source, typeOnly) {
  if (typeof source?.value !== 'string' || !isInside(context.filename)) return
  const from = layerOf(context.filename)
  const to = targetOf(context.filename, source.value)
  const allowed = allowedTo(context.filename)
  if (!allowed) {
    context.report({ node, message: `src/${from} is in no layer: add it to the table in test/tools/lint/layers.mjs` })
    return
  }
  if (to === from || allowed.includes(to)) return
  if (to.startsWith('node:') && allowed.includes('node')) return
  if (typeOnly && allowed.includes(`type:${to}`)) return
  context.report({ node, message: `${from} may not import ${to}` })
}

const importTable = {
  create: (context) => ({
    ImportDeclaration: (node) => checkImport(context, node, node.source, node.importKind === 'type'),
    ExportNamedDeclaration: (node) => checkImport(context, node, node.source, node.exportKind === 'type'),
    ExportAllDeclaration: (node) => checkImport(context, node, node.source, node.exportKind === 'type'),
    ImportExpression: (node) => checkImport(context, node, node.source, false),
    TSImportType: (node) => checkImport(context, node, node.source ?? node.argument?.literal ?? node.argument, true),
  }),
}

/** A barrel hides where a name comes from and pulls in what nobody asked for. The library's entry alone names its exports. */
const noBarrel = {
  create: (context) => ({
    ExportAllDeclaration: (node) =>
      context.report({ node, message: 'no barrels: import from the file that defines it' }),
    ExportNamedDeclaration(node) {
      if (node.source === null || layerOf(context.filename) === 'service') return
      context.report({ node, message: 'no re-exports: import from the file that defines it' })
    },
  }),
}

const keepers = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'])

/** State of a module outlives a step and is shared by all flows: a trace would no longer replay. */
const noModuleState = {
  create(context) {
    const check = (declaration) => {
      if (declaration?.type !== 'VariableDeclaration') return
      if (declaration.kind !== 'const' && !declaration.declare) {
        context.report({ node: declaration, message: 'no module-level state: only const' })
        return
      }
      for (const { init } of declaration.declarations) {
        if (init?.type !== 'NewExpression' || !keepers.has(init.callee.name) || init.arguments.length > 0) continue
        context.report({
          node: init,
          message: `no module-level state: an empty ${init.callee.name} is there to be filled`,
        })
      }
    }
    return {
      Program: (program) => {
        for (const statement of program.body) {
          check(statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement)
        }
      },
    }
  },
}

export default {
  meta: { name: 'layers' },
  rules: { table: importTable, 'no-barrel': noBarrel, 'no-module-state': noModuleState },
}
