import { access, constants, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { describeOptions } from '../config/option-help.ts'
import { readSettings } from '../config/settings-reader.ts'
import { storeLocationOf } from '../model/store-url.ts'
import type { ServiceSettings } from '../model/settings.ts'
import type { Command, CommandContext } from './command.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { loadService, type Probe } from './start.ts'

/** One thing that was looked at. */
interface Finding {
  readonly ok: boolean
  readonly what: string
  /** What was seen; where it is not well, also what to do. */
  readonly says: string
}

const answerMsMax = 3_000

export const doctorCommand: Command = {
  name: 'doctor',
  synopsis: '[the options of `millrace start`]',
  summary: 'Check the configuration, the endpoints and the store before a start',
  help: () => [describeOptions('start')],
  run: runDoctor,
}

async function runDoctor({ argv, env, cwd, terminal }: CommandContext): Promise<ExitCode> {
  const { checkPattern, probeEndpoints } = await loadService()
  const settings = readSettings({
    argv,
    env,
    cwd,
    warn: (message) => terminal.err(`millrace: ${message}`),
    checkPattern,
  })
  const mappings = `${settings.mappings.length} mappings, ${settings.functions.length} functions`
  const findings: readonly Finding[] = [
    { ok: true, what: 'configuration', says: `readable: ${mappings}` },
    await checkPort(settings),
    await checkStore(settings.store, cwd),
    ...(await checkEndpoints(() => probeEndpoints(settings))),
  ]
  for (const { ok, what, says } of findings) terminal.out(`${ok ? 'ok ' : 'BAD'}  ${what}: ${says}`)
  return findings.every((finding) => finding.ok) ? exitCode.ok : exitCode.failed
}

async function checkEndpoints(look: () => Promise<readonly Probe[]>): Promise<readonly Finding[]> {
  const found = await look().catch((error: unknown) => failureOf(error))
  if (typeof found === 'string') return [{ ok: false, what: 'trust', says: found }]
  return found.map(({ failure, url, what }) =>
    failure === null
      ? { ok: true, what, says: `${url} answers` }
      : {
          ok: false,
          what,
          says: `${url} cannot be reached (${failure}); start it, or correct the address or its trust`,
        },
  )
}

function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

async function checkPort({ server }: ServiceSettings): Promise<Finding> {
  const { host, port } = server
  const probe = createServer()
  const failure = await new Promise<string | undefined>((settle) => {
    probe
      .once('error', (error) => settle(failureOf(error)))
      .listen({ host, port, exclusive: true }, () => settle(undefined))
  })
  await new Promise<void>((done) => {
    probe.close(() => done())
  })
  const what = `port ${port}`
  if (failure === undefined) return { ok: true, what, says: `free on ${host}` }
  if (failure === 'EADDRINUSE' && (await answersAsMillrace(host, port))) {
    return { ok: true, what, says: `a Millrace runs there already` }
  }
  return { ok: false, what, says: `cannot listen on ${host} (${failure}); choose another with --port` }
}

async function answersAsMillrace(host: string, port: number): Promise<boolean> {
  const address = host.includes(':') ? `[${host}]` : host
  const response = await fetch(`http://${address}:${port}/_millrace/health`, {
    signal: AbortSignal.timeout(answerMsMax),
  }).catch(() => undefined)
  return response?.ok === true
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
