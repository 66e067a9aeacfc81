import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { EndpointProbe } from '../model/endpoint-probe.ts'
import type { AwsService, ServiceSettings } from '../model/settings.ts'
import { lookAtFunction } from './function-probe.ts'
import { networkSettings, type NetworkSettings } from './network-settings.ts'
import { awsServices, readSdkRules } from './sdk-rules.ts'
import { createProxyAgents, createTransport, originOf, type Transport } from './transport.ts'
import { splitUserinfo } from './userinfo.ts'

const answerMsMax = 10_000

/**
 * Looks at every endpoint that was named and at every function's URL, in the way of the service itself: the SDK's rules, trust,
 * proxies. What was not named is AWS, or never used. Throws when the trust itself cannot be used.
 */
export async function probeEndpoints(
  settings: Pick<ServiceSettings, 'aws' | 'functions'>,
): Promise<readonly EndpointProbe[]> {
  const network = networkSettings(settings.aws, process.env)
  const agents = createProxyAgents(network)
  const { configured } = await readSdkRules(settings.aws, new NodeHttpHandler(agents))
  const transport = createTransport(network)
  const services = sharing(configured, settings.aws.trust ?? {}).map(({ names, url }) => {
    const what = names.length === awsServices.length ? 'endpoint' : `endpoint of ${names.join(', ')}`
    return probe(what, url, () => answers(url, names[0], transport))
  })
  const functions = settings.functions.flatMap(({ name, urls }) => urls.map((url) => probeFunction(name, url, network)))
  try {
    return await Promise.all([...services, ...functions])
  } finally {
    transport.close()
  }
}

interface Shared {
  readonly names: readonly [AwsService, ...AwsService[]]
  readonly url: string
}

/** Services of one endpoint and one trust are one look. */
function sharing(
  configured: Readonly<Partial<Record<AwsService, string>>>,
  trust: Readonly<Partial<Record<AwsService, string>>>,
): readonly Shared[] {
  const found = new Map<string, Shared>()
  for (const [name, url] of Object.entries(configured) as [AwsService, string][]) {
    const key = `${url} ${trust[name] ?? ''}`
    found.set(key, { names: [...(found.get(key)?.names ?? []), name] as Shared['names'], url })
  }
  return [...found.values()]
}

async function probe(what: string, url: string, look: () => Promise<string | null>): Promise<EndpointProbe> {
  const shown = splitUserinfo(url).url
  return { what, url: shown, failure: URL.canParse(url) ? await look() : 'it is not a URL' }
}

const noAnswer = `no answer within ${answerMsMax} ms`

/** Any answer will do: it says that somebody speaks HTTP there whose certificate is trusted. */
async function answers(url: string, service: AwsService, transport: Transport): Promise<string | null> {
  const signal = AbortSignal.timeout(answerMsMax)
  const origin = { ...originOf(url), service }
  const { authorization } = splitUserinfo(url)
  const headers = { host: new URL(url).host, ...(authorization !== undefined && { authorization }) }
  const request = { origin, method: 'GET', path: '/', headers, body: '' }
  try {
    const reply = await transport.send(request, 'control', signal)
    return reply.kind === 'reply' ? null : reply.message
  } catch (error) {
    if (signal.aborted) return noAnswer
    throw error
  }
}

async function probeFunction(name: string, url: string, network: NetworkSettings): Promise<EndpointProbe> {
  const look = await lookAtFunction(url, network)
  const failure = 'message' in look ? look.message : null
  return { what: `function ${name}`, url: splitUserinfo(url).url, failure, look: look.kind }
}
