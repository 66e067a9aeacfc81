import type { CallResult, Pool, SourceAccess } from '../../../src/access/aws-access.ts'
import type { AwsService } from '../../../src/model/settings.ts'

/** The way to a service that answers what a test says, for replies that no emulator gives. */
export interface ScriptedAccess extends SourceAccess {
  readonly calls: readonly ScriptedCall[]
  /** The inputs of one operation's calls. */
  inputs(operation: string): readonly Readonly<Record<string, unknown>>[]
}

export interface ScriptedCall {
  readonly service: AwsService
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
  readonly pool: Pool
}

export type Script = (call: ScriptedCall, nth: number) => CallResult | Promise<CallResult>

export function scriptedAccess(script: Script, isAws = false): ScriptedAccess {
  const calls: ScriptedCall[] = []
  const counts = new Map<string, number>()
  return {
    calls,
    inputs: (operation) => calls.filter((call) => call.operation === operation).map(({ input }) => input),
    isAws: () => isAws,
    offsetMs: () => 0,
    service: (service, region) => ({
      endpoint: isAws ? `https://${service}.${region ?? 'us-east-1'}.amazonaws.com` : 'http://emulator.test',
      async json(operation, input, pool, signal) {
        signal.throwIfAborted()
        const call: ScriptedCall = { service, operation, input: Object(input), pool }
        calls.push(call)
        const nth = (counts.get(operation) ?? 0) + 1
        counts.set(operation, nth)
        return script(call, nth)
      },
      http: () => Promise.reject(new Error('Sources make no other calls.')),
    }),
  }
}

export function ok(output: unknown): CallResult {
  return { kind: 'ok', output }
}

export function refusal(code: string, message = 'no', status = 400): CallResult {
  return { kind: 'error', status, code, message }
}
