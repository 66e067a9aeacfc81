import { access, constants, stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { describeOptions } from '../config/option-help.ts'
import { readSettings } from '../config/settings-reader.ts'
import { storeLocationOf } from '../model/store-url.ts'
import type { AwsService, ServiceSettings } from '../model/settings.ts'
import type { Command, CommandContext } from './command.ts'
import { exitCode, type ExitCode } from './exit-code.ts'
import { loadService } from './start.ts'

/** One thing that was looked at. */
interface Finding {
  readonly ok: boolean
  readonly what: string
  /** What was seen; where it is not well, also what to do. */
  readonly says: string
}

const connectMsMax = 3_000

export const doctorCommand: Command = {
  name: 'doctor',
  synopsis: '[the options of `millrace start`]',
  summary: 'Check the configuration, the endpoints and the store before a start',
  help: () => [describeOptions('start')],
  run: runDoctor,
}

async function runDoctor({ argv, env, cwd, terminal }: CommandContext): Promise<ExitCode> {
  const { checkPattern } = await loadService()
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
    ...(await Promise.all(endpointsOf(settings, env).map(([what, url]) => checkEndpoint(what, url)))),
  ]
  for (const { ok, what, says } of findings) terminal.out(`${ok ? 'ok ' : 'BAD'}  ${what}: ${says}`)
  return findings.every((finding) => finding.ok) ? exitCode.ok : exitCode.failed
}

const services: readonly AwsService[] = ['sqs', 'kinesis', 'dynamodbstreams', 'dynamodb', 'lambda', 'sns', 's3']

/** AWS's own names of the services in AWS_ENDPOINT_URL_…, where they differ from ours. */
const variableNames: Readonly<Partial<Record<AwsService, string>>> = { dynamodbstreams: 'DYNAMODB_STREAMS' }

/** Every endpoint that was named; what was not named is AWS itself, or never used. */
function endpointsOf(
  settings: ServiceSettings,
  env: Readonly<Record<string, string | undefined>>,
): readonly (readonly [string, string])[] {
  const found: [string, string][] = []
  const common = settings.aws.endpoint ?? env['AWS_ENDPOINT_URL']
  if (common !== undefined) found.push(['endpoint', common])
  for (const service of services) {
    const variable = `AWS_ENDPOINT_URL_${variableNames[service] ?? service.toUpperCase()}`
    const url = settings.aws.endpoints[service] ?? env[variable]
    if (url !== undefined) found.push([`endpoint of ${service}`, url])
  }
  for (const { name, urls } of settings.functions) {
    for (const url of urls) found.push([`function ${name}`, url])
  }
  return found
}

async function checkEndpoint(what: string, url: string): Promise<Finding> {
  if (!URL.canParse(url)) return { ok: false, what, says: `${url} is not a URL` }
  const { hostname, port, protocol } = new URL(url)
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    signal: AbortSignal.timeout(connectMsMax),
  })
  const failure = await new Promise<string | undefined>((settle) => {
    socket.once('connect', () => settle(undefined)).once('error', (error) => settle(failureOf(error)))
  })
  socket.destroy()
  if (failure === undefined) return { ok: true, what, says: `${url} accepts connections` }
  return { ok: false, what, says: `${url} cannot be reached (${failure}); start it, or correct the address` }
}

function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'AbortError') return `no answer within ${connectMsMax} ms`
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
    signal: AbortSignal.timeout(connectMsMax),
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
