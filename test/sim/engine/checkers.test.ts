import { describe, expect, it } from 'vitest'
import { startCoreMachine } from '../../../src/engine/flow-machine.ts'
import type { FlowMachine } from '../../../src/engine/flow-machine.ts'
import { Permits } from '../../../src/engine/permits.ts'
import type { Permit, PermitRequest } from '../../../src/engine/permits.ts'
import type { ReadRequest, ReadResult, Source, Store } from '../../../src/ports.ts'
import { neverAborted } from '../../contract/source-contract.ts'
import { churn } from './checkers/churn.ts'
import { runEngineSeed } from './run.ts'
import { numberOfFragment } from './world/facts.ts'
import type { Plants } from './world/plants.ts'
import { nothingPlanted } from './world/plants.ts'
import type { Faults, Scenario } from './world/scenario.ts'

/** A checker that cannot fail is worth nothing: each is shown an engine that breaks its promise. */
interface Case {
  readonly says: RegExp
  readonly wrong: string
  readonly plants: Partial<Plants>
}

/** Seeds within which each is to be noticed. */
const seedsMax = 60

const cases: readonly Case[] = [
  {
    says: /^no loss: .* and no function took them/,
    wrong: 'messages that are deleted and never run',
    plants: { source: (source) => reading(source, (page) => deleteSome(source, page)) },
  },
  {
    says: /^order: .* before it are unresolved/,
    wrong: 'a shard read backwards',
    plants: { source: (source) => reading(source, (page) => ({ ...page, records: page.records.toReversed() })) },
  },
  {
    says: /^order: .* of its group/,
    wrong: 'groups without locks',
    plants: { source: (source) => reading(source, (page) => ({ ...page, records: page.records.toReversed() })) },
  },
  {
    says: /^lineage: .* is read while its parents owe/,
    wrong: 'children that nobody calls so',
    plants: {
      source: (source) => ({
        ...source,
        async describe(signal) {
          const found = await source.describe(signal)
          if (found.kind !== 'found') return found
          return { ...found, shards: found.shards.map((shard) => ({ ...shard, parentIds: [] })) }
        },
      }),
    },
  },
  {
    says: /^lineage: .* is read while older streams owe/,
    wrong: 'a stream that is left as soon as its table has another one',
    plants: {
      source: (source) => ({
        ...source,
        async describe(...asked) {
          const found = await source.describe(...asked)
          return found.kind === 'found' ? { ...found, older: undefined } : found
        },
      }),
      ...faulty({ renewals: 2, recreations: 0, forgets: 0 }),
    },
  },
  {
    says: /^lineage: .* is read while older streams owe/,
    wrong: 'a process that does not know which stream was read before it',
    plants: {
      store: (store) => ({
        ...store,
        mappings: async () => (await store.mappings()).map((document) => ({ ...document, attachedArn: undefined })),
      }),
      ...faulty({ renewals: 2, recreations: 0, forgets: 0, stops: 2, crashes: 2 }),
    },
  },
  {
    says: /^(liveness: healed, and yet .* is behind in|no loss: .* has done nothing with)/,
    wrong: 'a LATEST that is the end of the shard whenever somebody reads first',
    plants: {
      source: (source) => ({ ...source, read: (request, signal) => readingAtEnd(source, request, signal) }),
      scenario: latestLater,
    },
  },
  {
    says: /^extension: .* received again while the function has it/,
    wrong: 'a queue that promises to extend a visibility and does not',
    plants: {
      source: (source) => ({ ...source, extend: () => Promise.resolve({ failed: [] }) }),
      scenario: slowerThanTold,
    },
  },
  {
    says: /^progress: .* past r/,
    wrong: 'a record of a shard that gets lost on its way in',
    plants: { source: (source) => reading(source, (page) => ({ ...page, records: page.records.slice(1) })) },
  },
  {
    says: /^progress: .* is stale and was written all the same/,
    wrong: 'a store without fences',
    plants: { store: withoutFences, ...faulty({ zombies: 2 }) },
  },
  {
    says: /^progress: .* moved back/,
    wrong: 'checkpoints that are not read at the start',
    plants: {
      store: (store) => ({
        ...store,
        openFlow: async (...which) => ({ ...(await store.openFlow(...which)), checkpoint: null }),
      }),
    },
  },
  {
    says: /^progress: .* writes on after it was fenced/,
    wrong: 'a flow that does not hear that it is fenced',
    plants: {
      startMachine: stepping((event) => (event.kind === 'fenced' ? { ...event, kind: 'checkpointed' } : event)),
      ...faulty({ zombies: 2 }),
    },
  },
  {
    says: /^silence: describe by .*, which is (Disabled|gone)/,
    wrong: 'a look at the source of a mapping that is disabled',
    plants: {
      source(source, world, process) {
        const look = (): void => {
          if (process.dead) return
          void source.describe(neverAborted)
          world.clock.after(1_000, look)
        }
        world.clock.after(1_000, look)
        return source
      },
    },
  },
  {
    says: /^drain: process .* stops since/,
    wrong: 'a flow that does not hear that it is to drain',
    plants: {
      startMachine: stepping((event) => (event.kind === 'draining' ? { kind: 'timer' } : event)),
      // A mapping that is disabled would wait for its flows for ever.
      ...faulty({ calls: 0 }),
    },
  },
  {
    says: /^drain: .* run again although their process had stopped in peace/,
    wrong: 'a last checkpoint that nobody wrote',
    plants: {
      store: (store) => ({ ...store, writeCheckpoint: () => Promise.resolve('written') }),
      ...faulty({ stops: 2, crashes: 0, zombies: 0, recreations: 0, trims: 0 }),
    },
  },
  {
    says: /^hand back: process .* has stopped and kept/,
    wrong: 'messages that are kept over the end of the process',
    plants: {
      source: (source) => ({ ...source, release: () => Promise.resolve() }),
      ...faulty({ stops: 3, crashes: 0 }),
    },
  },
  {
    says: /^isolation: .* waits for its function/,
    wrong: 'places for invocations that those who hang may take all of',
    plants: { permits: (_, clock) => new Permits(1, clock) },
  },
  {
    says: /^fair: .* takes its \d+\. place, of a share of/,
    wrong: 'places that go to whoever asks first',
    plants: {
      permits: (invocationsMax, clock) => new UnfairPermits(invocationsMax, clock),
      scenario: (drawn) => ({ ...drawn, maxInvocations: 6 }),
    },
  },
  {
    says: /^word: .* the user was told/,
    wrong: 'changes of mappings that are answered and not kept',
    plants: { store: forgetful, ...faulty({ stops: 2, calls: 8 }) },
  },
  {
    says: /^rest: .* permits are still out/,
    wrong: 'a permit that is not given back',
    plants: { permits: (invocationsMax, clock) => new LeakyPermits(invocationsMax + 3, clock) },
  },
  {
    says: /^livelock: /,
    wrong: 'a deadline that is always due',
    plants: {
      startMachine: (config) => ({ ...startCoreMachine(config), deadline: () => ({ monoMs: 0, receiptMonoMs: null }) }),
    },
  },
  {
    says: /^liveness: healed, and yet/,
    wrong: 'a flow that stops reading',
    plants: {
      startMachine: (config) => {
        const machine = startCoreMachine(config)
        let reads = 0
        return {
          ...machine,
          step: (...step) => machine.step(...step).filter((command) => command.kind !== 'read' || ++reads < 30),
        }
      },
    },
  },
  {
    says: /^assertion: /,
    wrong: 'a flow that asserts in vain',
    plants: {
      startMachine: stepping((event) => {
        if (event.kind === 'settled' || event.kind === 'checkpointed') throw new Error('impossible')
        return event
      }),
    },
  },
  {
    says: /^unhandled rejection: /,
    wrong: 'a promise that nobody looks after',
    plants: {
      source: (source) => ({
        ...source,
        read(request, signal) {
          void Promise.reject(new Error('lost'))
          return source.read(request, signal)
        },
      }),
    },
  },
]

type Page = Extract<ReadResult, { kind: 'records' }>
type Step = FlowMachine['step']

function reading(source: Source, change: (page: Page) => Page): Source {
  return {
    ...source,
    async read(request, signal) {
      const result = await source.read(request, signal)
      return result.kind === 'records' ? change(result) : result
    },
  }
}

/** Tables are mapped at LATEST, and read only when the user enables the mappings. */
function latestLater(drawn: Scenario): Scenario {
  const mappings = drawn.mappings.map((plan) =>
    plan.source.kind === 'dynamodb'
      ? { ...plan, body: { ...plan.body, StartingPosition: 'LATEST', Enabled: false } }
      : plan,
  )
  return { ...drawn, mappings, faults: { ...drawn.faults, wallSteps: 0, trims: 0, recreations: 0 } }
}

/** Functions that take longer than anybody is told, for messages whose visibility is to be extended. */
function slowerThanTold(drawn: Scenario): Scenario {
  const mappings = drawn.mappings.map((plan) =>
    plan.source.kind.startsWith('sqs')
      ? {
          ...plan,
          timeoutMs: 30_000,
          tellsTimeout: false,
          body: { ...plan.body, Enabled: true, extendVisibility: true },
        }
      : plan,
  )
  return { ...drawn, mappings, faults: { ...drawn.faults, hanging: 0.5, slow: 0.5 } }
}

/** Takes the end of a shard as it is when somebody first reads from there. */
async function readingAtEnd(source: Source, request: ReadRequest, signal: AbortSignal): Promise<ReadResult> {
  if (request.from?.at === 'latest') await source.keepLatest?.(signal)
  return source.read(request, signal)
}

function deleteSome(source: Source, page: Page): Page {
  const isSpared = ({ fragment }: { readonly fragment: string }): boolean => numberOfFragment(fragment) % 3 > 0
  void source.settle(
    page.records.filter((record) => !isSpared(record)),
    neverAborted,
  )
  return { ...page, records: page.records.filter(isSpared) }
}

function stepping(change: (event: Parameters<Step>[0]) => Parameters<Step>[0]) {
  return (config: Parameters<typeof startCoreMachine>[0]): FlowMachine => {
    const machine = startCoreMachine(config)
    return { ...machine, step: (event, now, env) => machine.step(change(event), now, env) }
  }
}

function withoutFences(store: Store): Store {
  const fences = new Map<string, number>()
  return {
    ...store,
    async openFlow(uuid, flow) {
      const opened = await store.openFlow(uuid, flow)
      fences.set(`${uuid} ${flow}`, opened.fence)
      return opened
    },
    writeCheckpoint: (uuid, flow, _, checkpoint) =>
      store.writeCheckpoint(uuid, flow, fences.get(`${uuid} ${flow}`) ?? 0, checkpoint),
  }
}

/** Takes every third document and keeps it not. */
function forgetful(store: Store): Store {
  let writes = 0
  return { ...store, putMapping: (document) => (++writes % 3 === 0 ? Promise.resolve() : store.putMapping(document)) }
}

/** One mapping for all: nobody has a share. */
class UnfairPermits extends Permits {
  override join(): void {}

  override acquire(request: PermitRequest, signal: AbortSignal): Promise<Permit> {
    return super.acquire({ ...request, mapping: 'all' }, signal)
  }
}

class LeakyPermits extends Permits {
  #granted = 0

  override async acquire(request: PermitRequest, signal: AbortSignal): Promise<Permit> {
    const permit = await super.acquire(request, signal)
    this.#granted += 1
    return this.#granted === 5 ? { release() {} } : permit
  }
}

function faulty(faults: Partial<Faults>): Pick<Plants, 'scenario'> {
  return { scenario: (drawn) => ({ ...drawn, faults: { ...drawn.faults, ...faults } }) }
}

/** What the first seeds say that say anything else than that all is well. */
async function firstComplaint(plants: Partial<Plants>, says: RegExp): Promise<string> {
  const heard: string[] = []
  for (let seed = 1; seed <= seedsMax; seed++) {
    try {
      await runEngineSeed(seed, { ...nothingPlanted, ...plants })
    } catch (error) {
      const [line = ''] = String(error instanceof Error ? error.message : error).split('\n')
      heard.push(line)
      if (says.test(line)) return line
    }
  }
  return heard.join('\n')
}

/** The runner of the tests listens for what nobody looks after as well, and would call this test failed for it. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  try {
    return await work()
  } finally {
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
}

describe('the checkers of the simulated engine', () => {
  it.each(cases)('catch $wrong', { timeout: 60_000 }, async ({ says, plants }) => {
    expect(await alone(() => firstComplaint(plants, says))).toMatch(says)
  })

  it('catch a flow that is opened again and again', () => {
    const checker = churn()
    const open = (t: number): void =>
      checker.see({ kind: 'session', t, process: 1, uuid: 'u', flow: 'shard-0', fence: t })
    for (const t of [0, 150, 300, 450, 460]) open(t)
    expect(() => open(470)).toThrow(/^churn: /)
  })
})
