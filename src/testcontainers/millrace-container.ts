import {
  AbstractStartedContainer,
  GenericContainer,
  TestContainers,
  Wait,
  type StartedTestContainer,
} from 'testcontainers'
import type { MappingParameters } from '../model/mapping.ts'
import type { OptionValueOf } from '../model/option-types.ts'
import type { functionOptions } from '../model/service-options.ts'
import { startFunctionServer, type FunctionHandler, type FunctionServer } from './function-server.ts'

/** A mapping in the names of the Lambda API. `EventSourceArn` may also be `kinesis:NAME` or `dynamodb:TABLE`. */
export type MappingDeclaration = Pick<MappingParameters, 'EventSourceArn' | 'FunctionName'> &
  Partial<MappingParameters> & { readonly Tags?: Readonly<Record<string, string>> }

type FunctionValues = {
  readonly [Name in keyof typeof functionOptions]?: OptionValueOf<(typeof functionOptions)[Name]>
}

/** What the config file says of a function, but where it is and how often it runs at once there. */
export type FunctionOptions = Omit<FunctionValues, 'url' | 'concurrencyPerUrl'>

/** What every source puts into a record; the types of `@types/aws-lambda` say the rest. */
export interface FunctionEvent {
  readonly Records: readonly {
    readonly eventSource: string
    readonly eventSourceARN: string
    readonly [member: string]: unknown
  }[]
}

/** What the client of an AWS SDK takes. */
export interface AwsClientConfig {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

interface HostedFunction extends FunctionValues {
  readonly url: string
}

const millracePort = 4570
const defaultNetwork = 'bridge'
/** LocalStack, MiniStack and Floci listen here. */
const usualBackendPort = 4566
/** Handlers of this process run as often at once as the mappings want. */
const handlerConcurrency = 1_000

/**
 * Event source mappings in a test:
 *
 *     const millrace = await new MillraceContainer()
 *       .withBackend(localstack)
 *       .withFunction('orders', async (event: SQSEvent) => { … })
 *       .withMapping({ EventSourceArn: queueArn, FunctionName: 'orders', BatchSize: 10 })
 *       .start()
 */
export class MillraceContainer extends GenericContainer {
  readonly #handlers = new Map<string, FunctionHandler<unknown>>()
  readonly #functions = new Map<string, HostedFunction>()
  readonly #mappings: MappingDeclaration[] = []
  #backend: { readonly container: StartedTestContainer; readonly port: number } | string | undefined
  #server: FunctionServer | undefined
  #isGuarded = false
  #client: Omit<AwsClientConfig, 'endpoint'> = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }

  constructor(image = 'millrace') {
    super(image)
    this.withExposedPorts(millracePort)
    // A Millrace that refuses its settings ends; its words are in the error then.
    this.withWaitStrategy(Wait.forHttp('/readyz', millracePort, { abortOnContainerExit: true }))
    // Tests begin with nothing; one that restarts the container may name a file.
    this.withEnvironment({ MILLRACE_STORE: 'memory:' })
  }

  /**
   * Where queues and streams are: a container that has been started (its port inside, when it is not 4566), or a URL. A
   * URL of localhost is one of this machine and is made reachable from inside the container.
   */
  withBackend(backend: StartedTestContainer | string, port = usualBackendPort): this {
    this.#backend = typeof backend === 'string' ? backend : { container: backend, port }
    return this
  }

  withRegion(region: string): this {
    this.#client = { ...this.#client, region }
    return this
  }

  withCredentials(credentials: AwsClientConfig['credentials']): this {
    this.#client = { ...this.#client, credentials }
    return this
  }

  /** Only who signs with the credentials of `awsConfig` may use the API, or sends the token where one is given. */
  withAuth(token?: string): this {
    this.#isGuarded = true
    if (token !== undefined) this.withEnvironment({ MILLRACE_TOKEN: token })
    return this
  }

  /** A mapping that exists from the start. Others can be created later through the Lambda API. */
  withMapping(mapping: MappingDeclaration): this {
    this.#mappings.push(mapping)
    return this
  }

  /** A function of this process. The test's machine is reached from the container through an exposed host port. */
  withFunction<Event = FunctionEvent>(
    name: string,
    handler: FunctionHandler<Event>,
    options: FunctionOptions = {},
  ): this {
    this.#handlers.set(name, handler as FunctionHandler<unknown>)
    this.#functions.set(name, { ...options, url: '', concurrencyPerUrl: handlerConcurrency })
    return this
  }

  /** A function behind a Runtime Interface Emulator: its whole URL, as the container reaches it or of localhost. */
  withFunctionUrl(name: string, url: string, options: FunctionOptions = {}): this {
    this.#handlers.delete(name)
    this.#functions.set(name, { ...options, url })
    return this
  }

  override async start(): Promise<StartedMillraceContainer> {
    try {
      const started = await super.start()
      return new StartedMillraceContainer(started, {
        port: millracePort,
        functions: this.#server,
        client: this.#client,
      })
    } catch (error) {
      await this.#server?.stop()
      throw error
    }
  }

  /** Host ports have to be exposed before the container is created. */
  protected override async beforeContainerCreated(): Promise<void> {
    if (this.#handlers.size > 0) this.#server = await startFunctionServer(this.#handlers)
    const functions: Record<string, HostedFunction> = {}
    for (const [name, hosted] of this.#functions) {
      functions[name] = { ...hosted, url: await reachable(this.#urlOf(name, hosted)) }
    }
    const { region, credentials } = this.#client
    this.withEnvironment({
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      // JSON is YAML as well. What looks like a variable is none here.
      MILLRACE_CONFIG: JSON.stringify({ functions, mappings: this.#mappings }).replaceAll('${', () => '$${'),
    })
    if (this.#isGuarded) {
      this.withEnvironment({ MILLRACE_KEYS: `${credentials.accessKeyId}:${credentials.secretAccessKey}` })
    }
    const endpoint = await this.#backendUrl()
    if (endpoint !== undefined) this.withEnvironment({ AWS_ENDPOINT_URL: endpoint })
  }

  #urlOf(name: string, { url }: HostedFunction): string {
    return this.#server !== undefined && this.#handlers.has(name)
      ? `http://127.0.0.1:${this.#server.port}${this.#server.path(name)}`
      : url
  }

  async #backendUrl(): Promise<string | undefined> {
    if (this.#backend === undefined) return undefined
    if (typeof this.#backend === 'string') return (await reachable(this.#backend)).replace(/\/$/, '')
    const { container, port } = this.#backend
    const networks = container.getNetworkNames()
    // Every container may be in the default network as well, since host ports are reached there; in a network of the
    // test's own the other containers have names.
    const own = networks.find((name) => name !== defaultNetwork)
    const shared = networks.find((name) => name === this.networkMode) ?? own ?? networks[0]
    if (shared === undefined) throw new Error('The container given to withBackend is in no network.')
    if (this.networkMode === undefined && shared !== defaultNetwork) this.withNetworkMode(shared)
    return `http://${container.getIpAddress(shared)}:${port}`
  }
}

/** A Millrace that runs, and the functions of this process that it invokes. */
export class StartedMillraceContainer extends AbstractStartedContainer {
  readonly #functions: FunctionServer | undefined
  readonly #client: Omit<AwsClientConfig, 'endpoint'>
  readonly #port: number

  constructor(
    started: StartedTestContainer,
    parts: {
      readonly port: number
      readonly functions: FunctionServer | undefined
      readonly client: Omit<AwsClientConfig, 'endpoint'>
    },
  ) {
    super(started)
    this.#port = parts.port
    this.#functions = parts.functions
    this.#client = parts.client
  }

  /** Where the Lambda API, `/metrics` and `/_millrace/` are served, as this process reaches it. */
  get endpoint(): string {
    const host = this.getHost()
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.getMappedPort(this.#port)}`
  }

  /** For `new LambdaClient(millrace.awsConfig)`. */
  get awsConfig(): AwsClientConfig {
    return { endpoint: this.endpoint, ...this.#client }
  }

  protected override async containerStopped(): Promise<void> {
    await this.#functions?.stop()
  }
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/** A port of this machine goes by another name inside of containers. */
async function reachable(text: string): Promise<string> {
  const url = new URL(text)
  if (!loopback.has(url.hostname)) return text
  await exposed(Number(url.port) || (url.protocol === 'https:' ? 443 : 80))
  url.hostname = 'host.testcontainers.internal'
  return url.href
}

const exposedPorts = new Map<number, Promise<void>>()

/** A port of this machine is exposed once for all containers, a second time is refused. */
function exposed(port: number): Promise<void> {
  const known = exposedPorts.get(port) ?? TestContainers.exposeHostPorts(port).catch(unlessExposed)
  exposedPorts.set(port, known)
  return known
}

/** Somebody else in this process has exposed it. */
function unlessExposed(error: unknown): void {
  if (!(error instanceof Error && error.message.startsWith('Unable to bind'))) throw error
}
