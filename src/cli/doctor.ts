import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../config/config-error.ts'
import { describeOptions } from '../config/option-help.ts'
import { readSettings } from '../config/settings-reader.ts'
import { plural } from '../model/plural.ts'
import { printable } from '../model/printable.ts'
import type { ServiceSettings } from '../model/settings.ts'
import { storeLocationOf } from '../model/store-url.ts'
import type { Command, CommandContext } from './command.ts'
import { endpointFinding, mappingFindings, type Finding } from './doctor-findings.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { loadService, type Service } from './start.ts'

const answerMsMax = 3_000

export const doctorCommand: Command = {
  name: 'doctor',
  synopsis: '[--json] [the options of `millrace start`]',
  summary: 'Check the configuration, the endpoints, the store and each mapping before a start',
  help: () => ['  --json', '      Print what was found as JSON.', describeOptions('start')],
  run: runDoctor,
}

async function runDoctor({ argv, env, cwd, terminal }: CommandContext): Promise<ExitCode> {
  const asJson = argv.includes('--json')
  const tell = (findings: readonly Finding[]): boolean => {
    const ok = findings.every((finding) => finding.ok)
    if (asJson) terminal.out(JSON.stringify({ ok, findings }, null, 2))
    else for (const finding of findings) terminal.out(lineOf(finding))
    return ok
  }
  const service = await loadService()
  try {
    const settings = readSettings({
      argv: argv.filter((word) => word !== '--json'),
      env,
      cwd,
      warn: (message) => terminal.err(`millrace: ${message}`),
      checkPattern: service.checkPattern,
    })
    return tell(await examine(settings, service, cwd)) ? exitCode.ok : exitCode.failed
  } catch (error) {
    if (!asJson || !(error instanceof ConfigError)) throw error
    tell(error.mistakes.map((says) => ({ ok: false, what: 'configuration', says })))
    return exitCode.unusable
  }
}

function lineOf({ isUnknown, ok, what, says }: Finding): string {
  const well = isUnknown ? '?  ' : 'ok '
  return printable(`${ok ? well : 'BAD'}  ${what}: ${says}`)
}

async function examine(settings: ServiceSettings, service: Service, cwd: string): Promise<readonly Finding[]> {
  const mappings = `${plural(settings.mappings.length, 'mapping')}, ${plural(settings.functions.length, 'function')}`
  const [port, store, endpoints, examined] = await Promise.all([
    checkPort(settings, service),
    checkStore(settings.store, cwd),
    service.probeEndpoints(settings).catch((error: unknown) => failureOf(error)),
    service.examineMappings(settings).catch((error: unknown) => failureOf(error)),
  ])
  const found: readonly Finding[] = [{ ok: true, what: 'configuration', says: `readable: ${mappings}` }, port, store]
  // What the one stumbles over, the other does as well.
  const failure = [endpoints, examined].find((part) => typeof part === 'string')
  if (typeof endpoints === 'string' || typeof examined === 'string') {
    return [...found, { ok: false, what: 'trust', says: failure ?? '' }]
  }
  return [
    ...found,
    ...endpoints.map(endpointFinding),
    ...examined.flatMap((mapping) => mappingFindings(mapping, settings)),
  ]
}

function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

/** In the words of a start. */
async function checkPort(settings: ServiceSettings, { probePort }: Service): Promise<Finding> {
  const { host, port } = settings.server
  const what = `port ${port}`
  const refusal = await probePort(settings)
  if (refusal === undefined) return { ok: true, what, says: `free on ${host}` }
  const isOurs = await answersAsMillrace(host, port)
  return { ok: false, what, says: isOurs ? `${refusal} It is a Millrace.` : refusal }
}

async function answersAsMillrace(host: string, port: number): Promise<boolean> {
  const called = host === '::' ? '::1' : host === '0.0.0.0' ? '127.0.0.1' : host
  const address = called.includes(':') ? `[${called}]` : called
  const signal = AbortSignal.timeout(answerMsMax)
  try {
    const response = await fetch(`http://${address}:${port}/_millrace/health`, { signal })
    const health: unknown = await response.json()
    return typeof health === 'object' && health !== null && 'ready' in health && 'mappings' in health
  } catch {
    return false
  }
}

async function checkStore(store: string, cwd: string): Promise<Finding> {
  const what = `store ${store}`
  const location = storeLocationOf(store)
  if (location?.kind !== 'sqlite') return { ok: true, what, says: 'nothing survives a restart' }
  const file = resolve(cwd, location.path)
  const exists = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  )
  try {
    await access(exists ? file : dirname(file), constants.W_OK)
  } catch (error) {
    return { ok: false, what, says: `${file} cannot be written (${failureOf(error)})` }
  }
  return { ok: true, what, says: exists ? 'writable' : 'will be made' }
}
