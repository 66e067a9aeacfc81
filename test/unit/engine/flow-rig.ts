import type { FlowCommand, FlowEvent } from '../../../src/core/flow/messages.ts'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import type { FlowEnd } from '../../../src/core/mapping/messages.ts'
import { MovableClock } from '../../../src/engine/movable-clock.ts'
import { MemoryBudget } from '../../../src/engine/memory-budget.ts'
import type { FlowContext, FlowSettings } from '../../../src/engine/flow-context.ts'
import type { StartMachine } from '../../../src/engine/flow-machine.ts'
import { Activity } from '../../../src/engine/activity.ts'
import { FlowHealth } from '../../../src/engine/flow-health.ts'
import { FlowRunner } from '../../../src/engine/flow-runner.ts'
import type { MappingMeter } from '../../../src/model/mapping-meter.ts'
import { Permits } from '../../../src/engine/permits.ts'
import type { FlowRecord, SourceRecord } from '../../../src/model/record.ts'
import type { SourceKind } from '../../../src/model/source.ts'
import type { Log, LogFields } from '../../../src/observe/log.ts'
import type {
  Destination,
  InvokeRequest,
  InvokeResult,
  ReadRequest,
  ReadResult,
  Source,
  Store,
  Target,
} from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { noDetail } from '../../support/flow-detail.ts'
import { defaultSettings } from '../../support/settings.ts'
import { silentMeter } from '../../support/silent-meter.ts'
import { manualClock } from '../../support/manual-clock.ts'

/** A machine that does what the test says: commands are given from outside, events are kept. */
function scriptedMachine() {
  const events: FlowEvent[] = []
  const queued: FlowCommand[][] = []
  const allowed: number[] = []
  const script = { dueMs: null as number | null, heldBytes: 0, missingBytes: 0, fail: null as Error | null }
  const start: StartMachine = () => ({
    step(event, _config, env) {
      allowed.push(env.allowedBytes)
      if (script.fail !== null) throw script.fail
      events.push(event)
      return queued.shift() ?? []
    },
    deadline: () => ({ monoMs: script.dueMs, receiptMonoMs: null }),
    chargedBytes: () => script.heldBytes,
    missingBytes: () => script.missingBytes,
    isWindowOpen: () => false,
    inspect: () => ({
      phase: 'running',
      held: 0,
      heldBytes: script.heldBytes,
      invoking: 0,
      waiting: 0,
      concurrency: 5,
      watermark: null,
      trouble: null,
      arrivals: { oldestMs: null, batchMs: null },
      detail: noDetail,
      outage: null,
    }),
  })
  return { start, events, script, queued, allowed }
}

export function record(id: string, more: Partial<FlowRecord> = {}): FlowRecord {
  return {
    id,
    position: '',
    receipt: `receipt-${id}`,
    fragment: `{"messageId":"${id}"}`,
    bytes: 20,
    orderKey: '',
    orderHash: 0,
    arrivedMs: 1_700_000_000_000,
    matched: true,
    ...more,
  }
}

interface Lines {
  readonly level: string
  readonly fields: LogFields
  readonly message: string
}

function recordingLog(lines: Lines[]): Log {
  const at =
    (level: string) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, fields, message })
    }
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
  return log
}

export interface Ports {
  read?: (request: ReadRequest, signal: AbortSignal) => Promise<ReadResult>
  settle?: Source['settle']
  extend?: Source['extend']
  invoke?: (request: InvokeRequest, signal: AbortSignal) => Promise<InvokeResult>
  allowsLoops?: (functionName: string) => Promise<boolean>
  look?: Target['look']
  deliver?: Destination['deliver']
  destination?: string
  maxReceiveCount?: number
  store?: Store
  meter?: Partial<MappingMeter>
  matches?: (record: SourceRecord) => boolean
}

/** A flow's shell with a scripted machine inside and ports that the test answers for. */
export function flowRig(kind: SourceKind, ports: Ports = {}) {
  const time = manualClock()
  const machine = scriptedMachine()
  const lines: Lines[] = []
  const ends: FlowEnd[] = []
  const results: string[] = []
  const refusals: boolean[] = []
  const store = ports.store ?? createMemoryStore()
  const memory = new MemoryBudget(1_000)
  const permits = new Permits(2, time.clock)
  const unanswered = (): Promise<never> => new Promise(() => {})
  const context: FlowContext = {
    services: {
      clock: time.clock,
      workClock: new MovableClock(time.clock),
      store,
      target: {
        invoke: ports.invoke ?? unanswered,
        describe: () => Promise.resolve({ kind: 'unknown', message: '' }),
        allowsLoops: ports.allowsLoops ?? (() => Promise.resolve(false)),
        look: ports.look ?? (() => Promise.resolve('unknown')),
      },
      destination: { deliver: ports.deliver ?? unanswered },
      permits,
      memory,
      startMachine: machine.start,
      settings: defaultSettings,
    },
    identity: { uuid: 'mapping', flow: kind === 'sqs' ? 'queue' : 'shard-1', kind, incarnation: 'one', listed: true },
    source: {
      describe: unanswered,
      depth: unanswered,
      read: ports.read ?? unanswered,
      settle: ports.settle ?? (() => Promise.resolve({ failed: [] })),
      extend: ports.extend ?? (() => Promise.resolve({ failed: [] })),
      release: () => Promise.resolve(),
      clockOffsetMs: () => 500,
      close: () => Promise.resolve(),
    },
    meter: { ...silentMeter, ...ports.meter },
    log: recordingLog(lines),
    activity: new Activity(time.clock),
    health: new FlowHealth(time.clock),
    listener: {
      ended: (end) => ends.push(end),
      refused: (refused) => refusals.push(refused),
      results: {
        processed: (result) => results.push(result),
        refused: (result) => results.push(result),
        healed: () => results.push('healed'),
      },
      failed: () => {},
    },
  }
  const settings: FlowSettings = {
    // The scripted machine never looks at it.
    config: {} as FlowConfig,
    functionName: 'orders',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
    capacity: null,
    reportsFailures: true,
    sourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
    maxReceiveCount: ports.maxReceiveCount ?? null,
    destination: ports.destination ?? null,
    matches: ports.matches ?? null,
  }
  const runner = new FlowRunner(context, settings)
  /** Makes the machine say these commands at its next step, and steps it. */
  const say = async (...commands: FlowCommand[]): Promise<void> => {
    machine.queued.push(commands)
    runner.configure(settings)
    await time.settle()
  }
  const heard = <Kind extends FlowEvent['kind']>(kind: Kind): Extract<FlowEvent, { kind: Kind }>[] =>
    machine.events.filter((event): event is Extract<FlowEvent, { kind: Kind }> => event.kind === kind)
  return {
    time,
    machine,
    lines,
    ends,
    results,
    refusals,
    store,
    memory,
    permits,
    context,
    settings,
    runner,
    say,
    heard,
  }
}
