import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// Each case is one small file that breaks one rule, put where the rule holds, in a copy of the project that has nothing but
// the configuration. All are linted in one run; what is expected is the rule's name among the findings of that very file.

const root = join(import.meta.dirname, '../../..')

interface Case {
  readonly title: string
  readonly path: string
  readonly code: string
  /** undefined: the file is fine. */
  readonly rule: string | undefined
  readonly says?: string
}

function forbidden(path: string, specifier: string, says: string): Case {
  const code = `import * as it from '${specifier}'\nexport const used = it\n`
  return { title: `${path} must not import ${specifier}`, path, code, rule: 'layers(table)', says }
}

function allowed(path: string, specifier: string): Case {
  const code = `import * as it from '${specifier}'\nexport const used = it\n`
  return { title: `${path} may import ${specifier}`, path, code, rule: undefined }
}

const layers: readonly Case[] = [
  forbidden('src/model/a1.ts', '../ports.ts', 'model may not import ports'),
  forbidden('src/model/a2.ts', 'node:fs', 'model may not import node:fs'),
  forbidden('src/ports.ts', './core/target.ts', 'ports may not import core'),
  forbidden('src/core/a1.ts', '../ports.ts', 'core may not import ports'),
  forbidden('src/core/a2.ts', 'node:util', 'core may not import node:util'),
  forbidden('src/core/a3.ts', 'p-queue', 'core may not import npm:p-queue'),
  forbidden('src/core/deep/er/a4.ts', '../../../engine/target.ts', 'core may not import engine'),
  forbidden('src/async/a1.ts', '../engine/target.ts', 'async may not import engine'),
  forbidden('src/events/a1.ts', 'node:fs', 'events may not import node:fs'),
  forbidden('src/engine/a1.ts', '../sources/target.ts', 'engine may not import sources'),
  forbidden('src/engine/a2.ts', '@aws-sdk/client-sqs', 'engine may not import aws'),
  forbidden('src/sources/a1.ts', '../targets/target.ts', 'sources may not import targets'),
  forbidden('src/sources/a2.ts', '../core/target.ts', 'sources may not import core'),
  forbidden('src/targets/a1.ts', 'fastify', 'targets may not import npm:fastify'),
  forbidden('src/destinations/a1.ts', '../store/target.ts', 'destinations may not import store'),
  forbidden('src/store/a1.ts', '../engine/target.ts', 'store may not import engine'),
  forbidden('src/access/a1.ts', '../sources/target.ts', 'access may not import sources'),
  forbidden('src/config/a1.ts', '../api/target.ts', 'config may not import api'),
  forbidden('src/api/a1.ts', '../engine/target.ts', 'api may not import engine'),
  forbidden('src/api/a2.ts', '../store/target.ts', 'api may not import store'),
  forbidden('src/observe/a1.ts', '../engine/target.ts', 'observe may not import engine'),
  forbidden('src/testcontainers/a1.ts', '../config/target.ts', 'testcontainers may not import config'),
  forbidden('src/service.ts', './cli/target.ts', 'service may not import cli'),
  forbidden('src/cli/a1.ts', '../service.ts', 'cli may not import service'),
  forbidden('src/cli/a2.ts', '../engine/target.ts', 'cli may not import engine'),
  forbidden('src/main.ts', './service.ts', 'main may not import service'),
  forbidden('src/nowhere/a1.ts', '../model/target.ts', 'src/nowhere is in no layer'),
  allowed('src/core/b1.ts', '../model/target.ts'),
  allowed('src/core/b2.ts', './target.ts'),
  allowed('src/events/b1.ts', 'node:buffer'),
  allowed('src/engine/b1.ts', 'p-queue'),
  allowed('src/engine/b2.ts', '../core/target.ts'),
  allowed('src/access/b1.ts', '@smithy/signature-v4'),
  allowed('src/sources/b1.ts', '../access/target.ts'),
  allowed('src/sources/b2.ts', '@aws-sdk/client-sqs'),
  allowed('src/api/b1.ts', '../access/target.ts'),
  allowed('src/cli/start.ts', '../service.ts'),
  {
    title: 'core must not reach out by a dynamic import either',
    path: 'src/core/a5.ts',
    code: `export const used = () => import('../engine/target.ts')\n`,
    rule: 'layers(table)',
    says: 'core may not import engine',
  },
  {
    title: 'core must not name a type of another layer by import()',
    path: 'src/core/a6.ts',
    code: `export type Used = import('../engine/target.ts').Shape\n`,
    rule: 'layers(table)',
    says: 'core may not import engine',
  },
  {
    title: 'the API may take types of the engine',
    path: 'src/api/b2.ts',
    code: `import type { Shape } from '../engine/target.ts'\nexport type Used = Shape\n`,
    rule: undefined,
  },
  {
    title: 'no layer re-exports with a star',
    path: 'src/engine/a3.ts',
    code: `export * from './target.ts'\n`,
    rule: 'layers(no-barrel)',
  },
  {
    title: 'no layer re-exports by name',
    path: 'src/engine/a4.ts',
    code: `export { target } from './target.ts'\n`,
    rule: 'layers(no-barrel)',
  },
]

function impure(name: string, code: string, rule: string): readonly Case[] {
  return ['core', 'model'].map((layer) => ({
    title: `${layer} is pure: ${name}`,
    path: `src/${layer}/pure-${name.replaceAll(/\W/g, '-')}.ts`,
    code: `${code}\n`,
    rule,
  }))
}

const globals = 'eslint(no-restricted-globals)'
const purity: readonly Case[] = [
  ...impure('Date.now', 'export const now = () => Date.now()', globals),
  ...impure('new Date', 'export const now = () => new Date()', globals),
  ...impure('performance', 'export const now = () => performance.now()', globals),
  ...impure('Math.random', 'export const draw = () => Math.random()', 'eslint(no-restricted-properties)'),
  ...impure(
    'Math random destructured',
    'const { random } = Math\nexport const draw = () => random()',
    'eslint(no-restricted-properties)',
  ),
  ...impure('crypto', 'export const draw = () => crypto.randomUUID()', globals),
  ...impure('setTimeout', 'export const wait = (f: () => void) => setTimeout(f, 1)', globals),
  ...impure('setInterval', 'export const wait = (f: () => void) => setInterval(f, 1)', globals),
  ...impure('setImmediate', 'export const wait = (f: () => void) => setImmediate(f)', globals),
  ...impure('queueMicrotask', 'export const wait = (f: () => void) => { queueMicrotask(f) }', globals),
  ...impure('process', 'export const level = () => process.env.LEVEL', globals),
  ...impure('globalThis', 'export const now = () => globalThis.Date.now()', globals),
  ...impure('console', 'export const say = () => { console.log(1) }', globals),
  ...impure('Promise', 'export const wait = () => Promise.resolve(1)', globals),
  ...impure('await', 'export async function wait(f: () => PromiseLike<void>) { await f() }', 'oxc(no-async-await)'),
  ...impure('let', 'let count = 0\nexport const next = () => { count += 1; return count }', 'layers(no-module-state)'),
  ...impure('exported let', 'export let count = 0', 'layers(no-module-state)'),
  ...impure('empty Map', 'export const seen = new Map<string, string>()', 'layers(no-module-state)'),
]

const many = (n: number, line: (i: number) => string) => Array.from({ length: n }, (_, i) => line(i)).join('\n')

const shape: readonly Case[] = [
  {
    title: 'a file has at most 300 lines',
    path: 'src/engine/long-file.ts',
    code: many(301, (i) => `export const name${i} = ${i}`),
    rule: 'eslint(max-lines)',
  },
  {
    title: 'a function has at most 70 lines',
    path: 'src/engine/long-function.ts',
    code: `export function long() {\n  const all: number[] = []\n${many(70, (i) => `  all.push(${i})`)}\n  return all\n}\n`,
    rule: 'eslint(max-lines-per-function)',
  },
  {
    title: 'a function does not branch more than a person can follow',
    path: 'src/engine/branching.ts',
    code: `export function pick(n: number) {\n${many(13, (i) => `  if (n === ${i}) return '${i}'`)}\n  return ''\n}\n`,
    rule: 'eslint(complexity)',
  },
  {
    title: 'one switch with many plain cases is not branching',
    path: 'src/engine/switch.ts',
    code: `export function pick(n: number) {\n  switch (n) {\n${many(20, (i) => `    case ${i}:\n      return '${i}'`)}\n    default:\n      return ''\n  }\n}\n`,
    rule: undefined,
  },
  {
    title: 'a function has at most four positional parameters',
    path: 'src/engine/parameters.ts',
    code: 'export const sum = (a: number, b: number, c: number, d: number, e: number) => a + b + c + d + e\n',
    rule: 'eslint(max-params)',
  },
  {
    title: 'any is not a type',
    path: 'src/engine/any.ts',
    code: 'export const id = (value: any) => value as unknown\n',
    rule: 'typescript(no-explicit-any)',
  },
  {
    title: 'a value of type any is not used',
    path: 'src/engine/unsafe.ts',
    code: 'export const name = (text: string): unknown => JSON.parse(text).name\n',
    rule: 'typescript(no-unsafe-member-access)',
  },
  {
    title: 'nothing is exported by default',
    path: 'src/engine/default.ts',
    code: 'const value = 1\nexport default value\n',
    rule: 'import(no-default-export)',
  },
  {
    title: 'no promise floats',
    path: 'src/engine/floating.ts',
    code: 'export function go(f: () => Promise<void>): void {\n  f()\n}\n',
    rule: 'typescript(no-floating-promises)',
  },
  {
    title: 'no promise is taken for a condition',
    path: 'src/engine/misused.ts',
    code: 'export const go = (f: () => Promise<boolean>) => (f() ? 1 : 2)\n',
    rule: 'typescript(no-misused-promises)',
  },
  {
    title: 'a switch over a union names every member',
    path: 'src/core/exhaustive.ts',
    code: `export function f(kind: 'a' | 'b'): number {\n  switch (kind) {\n    case 'a':\n      return 1\n  }\n  return 2\n}\n`,
    rule: 'typescript(switch-exhaustiveness-check)',
  },
  {
    title: 'the compiler is not told to look away',
    path: 'src/engine/ignore.ts',
    code: `// @ts-ignore because\nexport const n: number = 'x'\n`,
    rule: 'typescript(ban-ts-comment)',
  },
  {
    title: 'the log is written by the logger',
    path: 'src/engine/console.ts',
    code: 'export const say = () => console.log(1)\n',
    rule: 'eslint(no-console)',
  },
  {
    title: 'types are imported as types',
    path: 'src/engine/types.ts',
    code: `import { Shape } from './target.ts'\nexport type Used = Shape\n`,
    rule: 'typescript(consistent-type-imports)',
  },
  {
    title: 'no import goes in a circle',
    path: 'src/engine/circle-a.ts',
    code: `import { b } from './circle-b.ts'\nexport const a = (): number => b()\n`,
    rule: 'import(no-cycle)',
  },
  {
    title: 'no test is left focused',
    path: 'test/unit/engine/focused.test.ts',
    code: `import { expect, it } from 'vitest'\nit.only('alone', () => {\n  expect(1).toBe(1)\n})\n`,
    rule: 'vitest(no-focused-tests)',
  },
  {
    title: 'a test is called it',
    path: 'test/unit/engine/word.test.ts',
    code: `import { expect, test } from 'vitest'\ntest('adds', () => {\n  expect(1 + 1).toBe(2)\n})\n`,
    rule: 'vitest(consistent-test-it)',
  },
  {
    title: 'a test may be longer than the code it tests',
    path: 'test/unit/engine/long.test.ts',
    code: many(400, (i) => `export const name${i} = ${i}`),
    rule: undefined,
  },
]

const support: Readonly<Record<string, string>> = {
  'src/engine/circle-b.ts': `import { a } from './circle-a.ts'\nexport const b = (): number => a()\n`,
  ...Object.fromEntries(
    'model core events engine access sources targets destinations store config api observe cli'
      .split(' ')
      .map((layer) => [
        `src/${layer}/target.ts`,
        'export const target = 1\nexport interface Shape {\n  readonly a: string\n}\n',
      ]),
  ),
}

interface Finding {
  readonly code: string
  readonly message: string
  readonly filename: string
}

const cases = [...layers, ...purity, ...shape]
let project = ''
let findings: readonly Finding[] = []

async function lint(directory: string): Promise<readonly Finding[]> {
  const oxlint = join(root, 'node_modules/.bin/oxlint')
  const args = ['--type-aware', '--format', 'json']
  const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024 }
  // A lint with findings exits 1 and still prints its report.
  const printed = await promisify(execFile)(oxlint, args, options).catch(
    (error: unknown) => error as { stdout: string },
  )
  return (JSON.parse(printed.stdout) as { diagnostics: readonly Finding[] }).diagnostics
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'millrace-lint-'))
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'test/tools/lint/layers.mjs', 'package.json']) {
    await mkdir(dirname(join(project, file)), { recursive: true })
    await cp(join(root, file), join(project, file))
  }
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'))
  for (const [path, code] of [...cases.map((one) => [one.path, one.code] as const), ...Object.entries(support)]) {
    await mkdir(dirname(join(project, path)), { recursive: true })
    await writeFile(join(project, path), code)
  }
  findings = await lint(project)
}, 60_000)

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

describe('the lint rules fire', () => {
  it('no two cases share a file', () => {
    expect(new Set(cases.map((one) => one.path)).size).toBe(cases.length)
  })

  it.each(cases)('$title', ({ path, rule, says }) => {
    const found = findings.filter((finding) => finding.filename === path)
    if (rule === undefined) {
      expect(found).toEqual([])
      return
    }
    expect(found.map((finding) => finding.code)).toContain(rule)
    if (says !== undefined) expect(found.map((finding) => finding.message).join('\n')).toContain(says)
  })
})

it('no file switches a rule off', async () => {
  const switches = new RegExp(['(ox|es)lint-disable', '@ts-(ignore|nocheck|expect-error)'].join('|'))
  const guilty: string[] = []
  for (const folder of ['src', 'test']) {
    for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || !/\.(ts|mjs)$/.test(path) || path === import.meta.filename) continue
      if (switches.test(await readFile(path, 'utf8'))) guilty.push(relative(root, path))
    }
  }
  expect(guilty).toEqual([])
})
