import { randomUUID } from 'node:crypto'
import type { ApiDeps, SourceCandidate } from '../../src/api/api-deps.ts'
import type { MappingCounts } from '../../src/model/mapping-status.ts'
import { createPassPolicy } from '../../src/api/pass-policy.ts'
import { createApi, type Api } from '../../src/api/server.ts'
import { parseFunctionName } from '../../src/model/arn.ts'
import type { FunctionSettings } from '../../src/model/settings.ts'
import type { DepthResult, DescribeResult, FunctionDescription, InvokeRequest, InvokeResult } from '../../src/ports.ts'
import type { Log, LogFields } from '../../src/observe/log.ts'
import { createFakeMappings, type FakeMappings } from './mappings.ts'

/** An API over a world that tests set as they like. */
export interface ApiWorld {
  readonly api: Api
  readonly mappings: FakeMappings
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[]
  /** What was asked of sources and functions, in order. */
  readonly asked: string[]
  readonly invoked: InvokeRequest[]
  source: (candidate: SourceCandidate) => DescribeResult | Promise<DescribeResult>
  describe: (name: string) => FunctionDescription
  invoke: (request: InvokeRequest, signal: AbortSignal) => InvokeResult | Promise<InvokeResult>
  notReady: readonly string[]
  counts: MappingCounts | undefined
  depth: DepthResult
}

export interface ApiWorldOptions {
  readonly transitions?: 'instant' | 'held'
  readonly functions?: readonly FunctionSettings[]
  readonly upstream?: ApiDeps['upstream']
  readonly host?: string
  readonly deps?: Partial<ApiDeps>
}

export const found: Extract<DescribeResult, { kind: 'found' }> = {
  kind: 'found',
  arn: 'arn:aws:sqs:us-east-1:000000000000:orders',
  incarnation: '',
  visibilityMs: 30_000,
  retentionMs: null,
  shards: [],
}

const emptyQueue = { kind: 'queue', visible: 0, inFlight: 0, delayed: 0, visibilityMs: 30_000, redrive: null } as const

export function hostedFunction(name: string, more: Partial<FunctionSettings> = {}): FunctionSettings {
  const defaults = { timeoutMs: undefined, reservedConcurrency: undefined, concurrencyPerUrl: 1 }
  return { name, urls: [`http://${name}:8080`], ...defaults, ...more }
}

export function answered(payload: string, functionError: string | null = null): InvokeResult {
  const reply = { requestId: 'request-1', statusCode: 200, executedVersion: '$LATEST', functionError }
  return { kind: 'answered', reply, payload }
}

export function createApiWorld(options: ApiWorldOptions = {}): ApiWorld {
  const functions = options.functions ?? []
  const hosted = (text: string) => {
    const reference = parseFunctionName(text)
    const qualified = functions.find(({ name }) => name === `${reference?.name}:${reference?.qualifier}`)
    return qualified ?? functions.find(({ name }) => name === reference?.name)
  }
  const world: Omit<ApiWorld, 'api'> = {
    mappings: createFakeMappings(options.transitions),
    lines: [],
    asked: [],
    invoked: [],
    source: () => found,
    describe: () => ({ kind: 'found', arn: null, timeoutMs: 3_000, concurrency: null }),
    invoke: () => answered('"done"'),
    notReady: [],
    counts: undefined,
    depth: { ...emptyQueue },
  }
  const deps: ApiDeps = {
    server: { host: options.host ?? '127.0.0.1', port: 0, allowedHosts: [], auth: { kind: 'none' } },
    place: { region: 'us-east-1', account: '000000000000' },
    mappings: world.mappings,
    functions: {
      functions,
      hosted,
      async invoke(request, signal) {
        world.invoked.push(request)
        return world.invoke(request, signal)
      },
      look: async () => 'unknown',
      async describe(name) {
        world.asked.push(`function ${name}`)
        return world.describe(name)
      },
      allowsLoops: async () => false,
    },
    async checkSource(candidate) {
      world.asked.push(`source ${candidate.sourceName}`)
      return world.source(candidate)
    },
    queueDepth: async () => world.depth,
    surroundings: () => ({
      sourceEndpoint: 'http://source',
      functionEndpoint: 'http://lambda',
      maxInvocations: 100,
      holders: [],
    }),
    checkPattern: (_, pattern) => pattern.startsWith('{'),
    upstream: options.upstream ?? null,
    passPolicy: createPassPolicy({ policy: 'all', isAws: false, isAuthenticated: false }),
    metrics: { contentType: 'text/plain; version=0.0.4', metrics: async () => 'millrace_up 1\n' },
    health: { notReady: () => world.notReady, storeTrouble: () => null, details: () => ({ version: 'test' }) },
    counts: () => world.counts,
    activity: () => undefined,
    rest: () => undefined,
    isAws: () => false,
    redact: (text) => text,
    clock: {
      wallMs: () => Date.UTC(2026, 10, 21),
      monoMs: () => 0,
      uuid: randomUUID,
      // Pauses take no time here.
      timer: (_, callback) => {
        const immediate = setImmediate(callback)
        return () => clearImmediate(immediate)
      },
    },
    log: logInto(world.lines),
    ...options.deps,
  }
  return Object.assign(world, { api: createApi(deps) })
}

function logInto(lines: ApiWorld['lines']): Log {
  const write = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, message, fields })
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  }
  return log
}
