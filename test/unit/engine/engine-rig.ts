import { mappingPace } from '../../../src/core/mapping/messages.ts'
import { MovableClock } from '../../../src/engine/movable-clock.ts'
import { MemoryBudget } from '../../../src/engine/memory-budget.ts'
import { startCoreMachine, type StartMachine } from '../../../src/engine/flow-machine.ts'
import { Permits } from '../../../src/engine/permits.ts'
import { Registry } from '../../../src/engine/registry.ts'
import { ShardCensus } from '../../../src/engine/shard-census.ts'
import type { MappingParameters } from '../../../src/model/mapping.ts'
import { validateCreate } from '../../../src/model/mapping-validation.ts'
import { silentLog, type Log } from '../../../src/observe/log.ts'
import type {
  Destination,
  FunctionDescription,
  InvokeRequest,
  InvokeResult,
  Source,
  Store,
  Target,
} from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { defaultSettings } from '../../support/settings.ts'
import { silentMeter } from '../../support/silent-meter.ts'
import { manualClock } from '../../support/manual-clock.ts'

export const place = { region: 'us-east-1', account: '000000000000' }
export const rules = { nowMs: 1_700_000_000_000, checkPattern: () => true }

export interface EngineOptions {
  readonly time?: ReturnType<typeof manualClock>
  readonly store?: Store
  readonly source: Source
  readonly invoke?: (request: InvokeRequest, signal: AbortSignal) => Promise<InvokeResult>
  readonly describeFunction?: (functionName: string) => FunctionDescription
  readonly look?: Target['look']
  readonly startMachine?: StartMachine
  readonly log?: Log
  readonly deliver?: Destination['deliver']
  /** The source is AWS itself. */
  readonly isAws?: boolean
}

/** The result of a function that returned this. */
export function answered(payload = 'null'): InvokeResult {
  const reply = { requestId: 'r', statusCode: 200, executedVersion: '$LATEST', functionError: null }
  return { kind: 'answered', reply, payload }
}

export function thrown(): InvokeResult {
  const reply = { requestId: 'r', statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' }
  return { kind: 'answered', reply, payload: '{"errorType":"Error","errorMessage":"boom"}' }
}

/** The real engine on a clock that stands still, one source behind all mappings, a function of the test's. */
export function engineRig(options: EngineOptions) {
  const time = options.time ?? manualClock()
  const store = options.store ?? createMemoryStore()
  const events: string[] = []
  const census = new ShardCensus()
  const workClock = new MovableClock(time.clock)
  const registry = new Registry({
    services: {
      clock: time.clock,
      workClock,
      store,
      target: {
        invoke: (request, signal) => {
          events.push(request.payload)
          return options.invoke?.(request, signal) ?? Promise.resolve(answered())
        },
        allowsLoops: () => Promise.resolve(false),
        look: options.look ?? (() => Promise.resolve('answers')),
        describe: (functionName) =>
          Promise.resolve(
            options.describeFunction?.(functionName) ?? {
              kind: 'found',
              arn: null,
              timeoutMs: 3_000,
              concurrency: null,
            },
          ),
      },
      destination: { deliver: options.deliver ?? (() => Promise.resolve({ kind: 'delivered' })) },
      permits: new Permits(10, time.clock),
      memory: new MemoryBudget(10_000_000),
      startMachine: options.startMachine ?? startCoreMachine,
      settings: { ...defaultSettings, maxInvocations: 10, scaling: 'eager' },
    },
    opener: { open: () => ({ ...options.source, close: () => Promise.resolve() }) },
    census,
    pace: mappingPace,
    isAws: () => options.isAws ?? false,
    meterOf: () => silentMeter,
    forgetMeter: () => {},
    log: options.log ?? silentLog,
  })
  const create = (sourceName: string, more: Partial<MappingParameters> = {}) => {
    const body = { EventSourceArn: sourceName, FunctionName: 'orders', ...more }
    const { parameters } = validateCreate(body, { ...rules, streamNames: true })
    const functionArn = `arn:aws:lambda:us-east-1:000000000000:function:${parameters.FunctionName}`
    return registry.create({ origin: 'api', sourceName, functionArn, parameters, tags: {} })
  }
  return { time, store, registry, census, events, create }
}
