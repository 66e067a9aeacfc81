import { totalmem } from 'node:os'
import type { AwsConnections } from './access/create-aws-access.ts'
import type { Health as ApiHealth } from './api/api-deps.ts'
import { createApi, type Api } from './api/server.ts'
import { passPolicyOf } from './api/pass-policy.ts'
import { createDepthLook, createSourceCheck } from './api/source-check.ts'
import { createSurroundings } from './api/surroundings.ts'
import { embeddedSettings, type EmbeddedOptions } from './config/embedded-settings.ts'
import { connect, type Connections } from './connections.ts'
import { mappingPace } from './core/mapping/messages.ts'
import { createDestination } from './destinations/destination-router.ts'
import { createAdoption, type Adoption } from './engine/adopt-service.ts'
import { MemoryBudget } from './engine/memory-budget.ts'
import type { EngineContext } from './engine/engine-context.ts'
import { startCoreMachine } from './engine/flow-machine.ts'
import { Meters, readingsOf } from './engine/meters.ts'
import { MovableClock } from './engine/movable-clock.ts'
import { Permits } from './engine/permits.ts'
import { placeHolders, tellHolder, type FindMapping } from './engine/place-holders.ts'
import { longHeldMs } from './engine/place-watch.ts'
import { reconcile } from './engine/reconcile.ts'
import { Registry } from './engine/registry.ts'
import { ShardCensus } from './engine/shard-census.ts'
import { systemClock } from './engine/system-clock.ts'
import { compileFilters } from './events/filter.ts'
import type { ArnPlace } from './model/arn.ts'
import { defaultMemoryBytes, megabyte } from './model/memory.ts'
import { sourceService, type ServiceSettings } from './model/settings.ts'
import type { SourceKind } from './model/source.ts'
import { storeLocationOf } from './model/store-url.ts'
import { createRedactor, type Redactor } from './model/redaction.ts'
import { createHealth, type Health } from './observe/health.ts'
import type { Log, LogDestination } from './observe/log.ts'
import { createMetrics } from './observe/metrics.ts'
import { secretsOf } from './observe/secrets-of.ts'
import { createServiceLog } from './observe/service-log.ts'
import type { Clock, SourceOpener } from './ports.ts'
import { openStore } from './store/store-opener.ts'
import { storeReasons, watchStore, type WatchedStore } from './store/watched-store.ts'
import type { TargetRouter } from './targets/target-router.ts'
import { createUpstreamMappings } from './targets/upstream-mappings.ts'

/** A running service. */
export interface MillraceHandle {
  /** Where the Lambda API, `/metrics` and `/_millrace/` are served. */
  readonly endpoint: string
  /** Finishes what is in flight, writes the last checkpoints, hands back what is held. The same promise however often it is called. */
  stop(): Promise<void>
  /** Cuts off what is still out, and stops. */
  abort(): void
  /** Resolves when it has stopped; rejects when it could not do so cleanly. */
  readonly closed: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** How long the start waits for the mappings of the file. */
const reconcileMsMax = 1_000

export type MillraceOptions = EmbeddedOptions

/** Settings that were read elsewhere (the command line reads flags, variables and file). */
export interface ReadOptions {
  readonly settings: ServiceSettings
  readonly logTo?: LogDestination
  /** Tests may bring a clock of their own. */
  readonly clock?: Clock
}

/** Starts the service in this process. Throws when a setting cannot be used, the port is taken or another process has the store. */
export async function startMillrace(options: MillraceOptions | ReadOptions = {}): Promise<MillraceHandle> {
  const read = 'settings' in options ? options : { settings: embeddedSettings(options, process.env, checkPattern) }
  const clock = read.clock ?? systemClock
  const redact = createRedactor(secretsOf(read.settings, process.env))
  const log = createServiceLog(read.settings, () => clock.monoMs(), { destination: read.logTo, redact })
  const store = watchStore(await openStore(read.settings.store), clock, log)
  for (const lost of store.findings().lost) log.error({}, lost)
  try {
    return await run({ settings: read.settings, clock, log, redact, store })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Whether a filter pattern is one that this source's filters understand. */
export function checkPattern(source: SourceKind, pattern: string): boolean {
  return compileFilters(source, [pattern]).kind === 'filter'
}

interface Parts {
  readonly settings: ServiceSettings
  readonly clock: Clock
  readonly log: Log
  readonly redact: Redactor
  readonly store: WatchedStore
}

async function run(parts: Parts): Promise<MillraceHandle> {
  const { settings, clock, log, redact } = parts
  const memory = new MemoryBudget(memoryBytes(settings))
  const learnSecret = (secret: string | undefined): void => redact.learn(secret)
  const connections = await connect(settings, clock, { log, learnSecret, memory })
  const { access, opener, target, upstream } = connections
  const metrics = createMetrics()
  const health = createHealth()
  const place = { region: access.region, account: settings.aws.account }
  // The engine and its meters know each other: a meter counts under what its mapping is at that moment.
  const meters: Meters = new Meters(metrics, (uuid) => registry.get(uuid), clock)
  const find: FindMapping = (uuid) => registry.get(uuid)
  const permits = new Permits(settings.maxInvocations, clock, tellHolder(log, find, settings.maxInvocations))
  const registry: Registry = new Registry(engineOf(parts, { access, target, opener, meters, memory, permits }))
  metrics.watch(() => readingsOf(registry))
  const remembers = storeLocationOf(settings.store)?.kind !== 'memory'
  if (remembers) metrics.watchStore(() => parts.store.health())
  const adoption = createAdoption({
    mode: settings.adopt,
    upstream: upstream && createUpstreamMappings(access, clock),
    registry,
    remembers,
    place,
    checkPattern,
    clock,
    log,
  })
  const api = createApi({
    server: settings.server,
    memory,
    place,
    mappings: adoption.mappings,
    functions: target,
    checkSource: createSourceCheck(opener),
    queueDepth: createDepthLook(opener),
    surroundings: createSurroundings(access, upstream, {
      invocationsMax: settings.maxInvocations,
      holders: () => placeHolders(permits.holders(0), find),
    }),
    checkPattern,
    upstream,
    passPolicy: passPolicyOf(settings, access.isAws('lambda')),
    metrics: { contentType: metrics.contentType, metrics: () => metrics.scrape() },
    health: healthOf(parts, health, () => invocationsOf(permits, settings, find)),
    counts: (uuid) => meters.tally(uuid),
    activity: (uuid) => meters.activity(uuid),
    rest: (uuid) => registry.rest(uuid),
    isAws: (kind) => access.isAws(sourceService[kind]),
    redact,
    clock,
    log,
  })
  await registry.load()
  const endpoint = await listen(api, connections)
  registry.start()
  await untilReconciled(parts, registry, place)
  adoption.start()
  health.enter('ready')
  const ways = { endpoint, upstream: upstream?.endpoint ?? null, store: settings.store }
  log.info({ ...ways, mappings: registry.list().length }, 'Millrace is ready.')
  return handleOf({
    ...parts,
    api,
    registry,
    adoption,
    endpoint,
    connections,
    draining: () => health.enter('draining'),
  })
}

/**
 * Creates and updates only wait for the store. A mapping in transition from before a restart may wait for its source, and must
 * not keep the process from being ready.
 */
async function untilReconciled({ settings, clock, log }: Parts, registry: Registry, place: ArnPlace): Promise<void> {
  const rules = { nowMs: clock.wallMs(), checkPattern }
  const { mappings, prune } = settings
  const reconciled = reconcile({ registry, mappings, prune, place, rules, log })
  const enough = Promise.withResolvers<void>()
  const callOff = clock.timer(clock.monoMs() + reconcileMsMax, enough.resolve)
  await Promise.race([reconciled, enough.promise])
  callOff()
}

async function listen(api: Api, connections: Connections): Promise<string> {
  try {
    return await api.listen()
  } catch (error) {
    await connections.close().catch(() => {})
    throw error
  }
}

interface Running extends Parts {
  readonly api: Api
  readonly registry: Registry
  readonly adoption: Adoption
  readonly endpoint: string
  readonly connections: Connections
  readonly draining: () => void
}

/** Readiness first, then the flows with their last checkpoints, then the API, the connections and the store (architecture §6.6). */
function handleOf(running: Running): MillraceHandle {
  const { adoption, api, registry, settings, clock, log, endpoint } = running
  const cut = new AbortController()
  const closed = Promise.withResolvers<void>()
  // Nobody has to listen.
  closed.promise.catch(() => {})
  let stopping: Promise<void> | null = null

  const drain = async (): Promise<void> => {
    running.draining()
    log.info({}, 'Millrace is stopping: what is in flight ends, nothing new begins.')
    const endsMs = clock.monoMs() + settings.shutdownGraceMs
    const callOff = clock.timer(endsMs, abort)
    try {
      await adoption.stop()
      await registry.stop(endsMs)
      await adoption.leave(cut.signal)
      await api.close(cut.signal)
      await running.connections.close()
      await running.store.close()
    } finally {
      callOff()
    }
    log.info({}, 'Millrace has stopped.')
  }
  const stop = (): Promise<void> => {
    if (stopping === null) {
      stopping = drain()
      stopping.then(closed.resolve, closed.reject)
    }
    return stopping
  }
  function abort(): void {
    if (cut.signal.aborted) return
    log.warn({}, 'What is still in flight is cut off; it is delivered again after the next start.')
    cut.abort()
    void stop().catch(() => {})
    registry.abort()
  }
  return { endpoint, stop, abort, closed: closed.promise, [Symbol.asyncDispose]: stop }
}

interface Wiring {
  readonly access: AwsConnections
  readonly target: TargetRouter
  readonly opener: SourceOpener
  readonly meters: Meters
  readonly memory: MemoryBudget
  readonly permits: Permits
}

function healthOf({ settings, store }: Parts, health: Health, invocations: () => object): ApiHealth {
  return {
    notReady: () => [health.ready ? [] : health.phase, storeReasons(store)].flat(),
    storeTrouble: () => store.health().trouble,
    details: () => ({ store: settings.store, storeHealth: store.health(), invocations: invocations() }),
  }
}

function invocationsOf(permits: Permits, { maxInvocations: max }: ServiceSettings, find: FindMapping): object {
  return { inFlight: permits.inFlight, max, heldLong: placeHolders(permits.holders(longHeldMs), find) }
}

/** What the container allows where there is one, else what the machine has. */
function memoryBytes({ memory }: ServiceSettings): number {
  if (memory !== undefined) return memory * megabyte
  const allowed = process.constrainedMemory()
  return defaultMemoryBytes(allowed > 0 ? Math.min(allowed, totalmem()) : totalmem())
}

function engineOf({ settings, clock, log, store }: Parts, wiring: Wiring): EngineContext {
  const { access, target, opener, meters, memory, permits } = wiring
  return {
    services: {
      clock,
      workClock: new MovableClock(clock),
      store,
      target,
      destination: createDestination(access),
      permits,
      memory,
      startMachine: startCoreMachine,
      settings,
    },
    opener,
    census: new ShardCensus(),
    pace: mappingPace,
    isAws: (kind) => access.isAws(sourceService[kind]),
    meterOf: (document) => meters.meterOf(document),
    forgetMeter: (uuid) => meters.forget(uuid),
    log,
  }
}
