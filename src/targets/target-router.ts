import { countedTrace } from '../events/trace.ts'
import { parseFunctionName } from '../model/arn.ts'
import type { FunctionSettings } from '../model/settings.ts'
import type { Clock, InvokeRequest, Target } from '../ports.ts'
import type { RieFunction } from './rie.ts'

/** All functions there are: those of the config first, everything else upstream. */
export interface TargetRouter extends Target {
  /** The functions of the config, in its order. */
  readonly functions: readonly FunctionSettings[]
  /** The function of the config that a name, `name:qualifier` or ARN means; undefined: it lives upstream. */
  hosted(functionName: string): FunctionSettings | undefined
}

/** Who counts the executions of a loop, in the trace header that each is sent. */
export interface LoopCounting {
  readonly clock: Clock
  /** AWS counts itself, and keeps the header for it. */
  readonly upstreamCounts: boolean
}

/** A function is looked up as `name:qualifier`, then as `name`, whatever account and region its ARN has (architecture §2, Names). */
export function createTarget(
  hostedFunctions: readonly RieFunction[],
  upstream: Target,
  { clock, upstreamCounts }: LoopCounting,
): TargetRouter {
  const byName = new Map(hostedFunctions.map((hosted) => [hosted.settings.name, hosted]))

  function find(functionName: string): RieFunction | undefined {
    const reference = parseFunctionName(functionName)
    if (reference === undefined) return undefined
    const qualified =
      reference.qualifier === undefined ? undefined : byName.get(`${reference.name}:${reference.qualifier}`)
    return qualified ?? byName.get(reference.name)
  }

  return {
    functions: hostedFunctions.map((hosted) => hosted.settings),
    hosted: (functionName) => find(functionName)?.settings,

    invoke(request: InvokeRequest, signal) {
      const own = find(request.functionName)
      if (own === undefined && upstreamCounts) return upstream.invoke(request, signal)
      const chance = { nowMs: clock.wallMs(), uuid: clock.uuid() }
      const traceHeader = countedTrace(request.traceHeader, request.functionName, chance)
      return (own ?? upstream).invoke({ ...request, traceHeader }, signal)
    },

    async allowsLoops(functionName, signal) {
      const own = find(functionName)
      return own === undefined ? upstream.allowsLoops(functionName, signal) : own.settings.allowsLoops === true
    },

    look(functionName, signal) {
      return (find(functionName) ?? upstream).look(functionName, signal)
    },

    async describe(functionName, signal, lately) {
      const hosted = find(functionName)
      if (hosted === undefined) return upstream.describe(functionName, signal, lately)
      return {
        kind: 'found',
        arn: null,
        timeoutMs: hosted.settings.timeoutMs ?? null,
        concurrency: hosted.concurrency,
      }
    },
  }
}
