import type { AwsAccess } from '../access/aws-access.ts'
import { isJsonObject, parseJson } from '../events/json-value.ts'
import { parseFunctionName, unqualifiedFunction } from '../model/arn.ts'
import type { Clock } from '../ports.ts'
import { startDeadline } from './attempt-deadline.ts'

/** How long an answer holds: each batch of a loop asks. */
const holdsMs = 60_000
/** A batch waits for this answer. */
const answerMsMax = 2_000

/**
 * Whether a function's owner lets it loop, by GetFunctionRecursionConfig. Where the endpoint does not know, AWS's default
 * holds, which is no.
 */
export function createRecursionConfig(
  access: AwsAccess,
  clock: Clock,
): (functionName: string, signal: AbortSignal) => Promise<boolean> {
  const known = new Map<string, { readonly allows: boolean; readonly untilMs: number }>()

  async function ask(functionName: string, signal: AbortSignal): Promise<boolean> {
    const reference = parseFunctionName(functionName)
    if (reference === undefined) return false
    const caller = access.service('lambda', reference.region, reference.account)
    const path = `/2024-08-31/functions/${encodeURIComponent(unqualifiedFunction(reference))}/recursion-config`
    const deadline = startDeadline(clock, answerMsMax, signal)
    try {
      const answer = await caller.http({ method: 'GET', path, headers: {}, body: '' }, 'control', deadline.signal)
      if (answer.kind !== 'ok' || answer.status !== 200) return false
      const body = parseJson(answer.body)
      return isJsonObject(body) && body['RecursiveLoop'] === 'Allow'
    } catch (error) {
      if (deadline.expired()) return false
      throw error
    } finally {
      deadline.dispose()
    }
  }

  return async (functionName, signal) => {
    const last = known.get(functionName)
    if (last !== undefined && clock.monoMs() < last.untilMs) return last.allows
    const allows = await ask(functionName, signal)
    known.set(functionName, { allows, untilMs: clock.monoMs() + holdsMs })
    return allows
  }
}
