import type { MappingDocument } from '../../../../src/model/mapping.ts'
import { isAtRest } from '../../../../src/core/mapping/states.ts'
import { isStream } from '../../../../src/model/source.ts'
import type { InvokeRequest, InvokeResult, Target } from '../../../../src/ports.ts'
import { numbersOf } from './facts.ts'
import type { Process } from './process.ts'
import type { MappingPlan } from './scenario.ts'
import { call, lasting } from './wire.ts'
import type { World } from './world.ts'

/** Functions that do everything a function may do, behind a wire. */
export function openTarget(world: World, process: Process): Target {
  let attempts = 0
  return {
    async invoke(request, signal) {
      const { uuid, plan } = ownerOf(world, request)
      const attempt = ++attempts
      const numbers = numbersOf(request.payload)
      const run = drawRun(world, plan, process.registry.get(uuid), numbers)
      const endsMs = world.clock.nowMs + run.tookMs + 40
      world.note({ kind: 'invoked', process: process.number, uuid, attempt, numbers, endsMs })
      const answered = (acked: readonly number[]): void =>
        world.note({ kind: 'answered', process: process.number, uuid, attempt, acked })
      try {
        const work = async (inside: AbortSignal): Promise<void> => lasting(world, run.tookMs, inside)
        await call(world, process, work, { signal, ...(plan.calm ? { wayMs: 3 } : {}) })
        answered(run.acked)
        return withId(run.result, `${String(process.number)}-${String(attempt)}`, world, numbers)
      } catch (error) {
        answered([])
        throw error
      }
    },
    async look(functionName, signal) {
      const { plan } = ownerOf(world, { functionName })
      const isUnknown = world.goesWrong(world.scenario.faults.describeFailed) && !plan.calm
      await call(world, process, () => undefined, { signal })
      return isUnknown ? world.prng.pick(['unknown', 'unreachable']) : 'answers'
    },
    async describe(functionName, signal) {
      const { plan } = ownerOf(world, { functionName })
      const isUnknown = world.goesWrong(world.scenario.faults.describeFailed) && !plan.calm
      await call(world, process, () => undefined, { signal })
      if (isUnknown) return { kind: 'unknown', message: 'not now' }
      return {
        kind: 'found',
        arn: null,
        timeoutMs: plan.tellsTimeout ? plan.timeoutMs : null,
        concurrency: plan.capacity,
      }
    },
    allowsLoops: () => Promise.resolve(false),
  }
}

function ownerOf(
  world: World,
  { functionName }: Pick<InvokeRequest, 'functionName'>,
): { readonly uuid: string; readonly plan: MappingPlan } {
  const name = functionName.split(':')[0] ?? ''
  const plan = world.planOf.get(name)
  if (plan === undefined) throw new Error(`Nobody has planned ${functionName}.`)
  return { uuid: world.mappingOf.get(name) ?? '', plan }
}

interface Run {
  readonly tookMs: number
  readonly result: InvokeResult
  /** What the engine may take as done once it hears the answer. */
  readonly acked: readonly number[]
}

function drawRun(
  world: World,
  plan: MappingPlan,
  document: MappingDocument | undefined,
  numbers: readonly number[],
): Run {
  const { faults } = world.scenario
  const { prng } = world
  if (plan.calm) return succeed(prng.int(1, 20), document, numbers)
  const tookMs = world.goesWrong(faults.slow) ? prng.int(500, plan.timeoutMs) : prng.int(1, 200)
  const failed = { tookMs, acked: [] }
  if (world.goesWrong(faults.throttled)) {
    return {
      ...failed,
      tookMs: 1,
      result: { kind: prng.pick(['throttled', 'unreachable', 'missing', 'unavailable']), message: 'busy' },
    }
  }
  if (world.goesWrong(faults.hanging)) {
    return { ...failed, tookMs: plan.timeoutMs, result: { kind: 'lost', errorType: 'Timeout', message: 'no answer' } }
  }
  if (world.goesWrong(faults.lost))
    return { ...failed, result: { kind: 'lost', errorType: 'Lost', message: 'ECONNRESET' } }
  const poisoned = numbers.filter((number) => world.facts.get(number)?.poison === true && !world.healed)
  const unlucky = world.goesWrong(faults.partial) ? numbers.filter(() => prng.chance(0.3)) : []
  const bad = new Set([...poisoned, ...unlucky])
  if (bad.size > 0 && canReport(document)) return partial(world, tookMs, { document, numbers, bad })
  if (poisoned.length > 0 || world.goesWrong(faults.thrown)) return { ...failed, result: thrown }
  return succeed(tookMs, document, numbers)
}

/** While a mapping is being changed nobody outside can tell whether an attempt was sent before or after. */
function canReport(document: MappingDocument | undefined): boolean {
  if (document === undefined || !isAtRest(document.state)) return false
  return document.parameters.FunctionResponseTypes.includes('ReportBatchItemFailures')
}

const reply = { requestId: '', statusCode: 200, executedVersion: '$LATEST', functionError: null }
const thrown: InvokeResult = {
  kind: 'answered',
  reply: { ...reply, functionError: 'Unhandled' },
  payload: '{"errorType":"Error","errorMessage":"boom"}',
}

function succeed(tookMs: number, document: MappingDocument | undefined, numbers: readonly number[]): Run {
  // A state never harms; a mapping without windows does not look at it.
  const payload = document === undefined || isStream(document.source) ? '{"state":{"n":1}}' : 'null'
  return { tookMs, acked: numbers, result: { kind: 'answered', reply, payload } }
}

function partial(
  world: World,
  tookMs: number,
  told: {
    readonly document: MappingDocument | undefined
    readonly numbers: readonly number[]
    readonly bad: ReadonlySet<number>
  },
): Run {
  const { document, numbers, bad } = told
  const ofStream = document !== undefined && isStream(document.source)
  const firstBad = numbers.findIndex((number) => bad.has(number))
  const acked = ofStream ? numbers.slice(0, firstBad) : numbers.filter((number) => !bad.has(number))
  const batchItemFailures = [...bad].map((number) => ({ itemIdentifier: world.idOf(number) }))
  const payload = JSON.stringify({ state: { n: 1 }, batchItemFailures })
  return { tookMs, acked, result: { kind: 'answered', reply, payload } }
}

function withId(result: InvokeResult, requestId: string, world: World, numbers: readonly number[]): InvokeResult {
  if (result.kind !== 'answered') return result
  world.batchOf.set(requestId, numbers)
  return { ...result, reply: { ...result.reply, requestId } }
}
