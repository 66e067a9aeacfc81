import { parseFunctionName } from '../model/arn.ts'
import type { FunctionSettings } from '../model/settings.ts'
import type { InvokeRequest, Target } from '../ports.ts'
import type { RieFunction } from './rie.ts'

/** All functions there are: those of the config first, everything else upstream. */
export interface TargetRouter extends Target {
  /** The functions of the config, in its order. */
  readonly functions: readonly FunctionSettings[]
  /** The function of the config that a name, `name:qualifier` or ARN means; undefined: it lives upstream. */
  hosted(functionName: string): FunctionSettings | undefined
}

/** A function is looked up as `name:qualifier`, then as `name`, whatever account and region its ARN has (DESIGN §2, Names). */
export function createTarget(hostedFunctions: readonly RieFunction[], upstream: Target): TargetRouter {
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
      return (find(request.functionName) ?? upstream).invoke(request, signal)
    },

    async describe(functionName, signal) {
      const hosted = find(functionName)
      if (hosted === undefined) return upstream.describe(functionName, signal)
      return {
        kind: 'found',
        arn: null,
        timeoutMs: hosted.settings.timeoutMs ?? null,
        concurrency: hosted.concurrency,
      }
    },
  }
}
