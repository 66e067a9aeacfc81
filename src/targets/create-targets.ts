import type { AwsAccess } from '../access/aws-access.ts'
import type { Transport } from '../access/transport.ts'
import type { FunctionSettings } from '../model/settings.ts'
import type { Clock } from '../ports.ts'
import { createLambdaApi } from './lambda-api.ts'
import { noLambda } from './no-lambda.ts'
import { createRieFunctions } from './rie.ts'
import { createTarget, type TargetRouter } from './target-router.ts'

export interface Reach {
  readonly access: AwsAccess
  readonly transport: Pick<Transport, 'send' | 'accepts'>
  readonly clock: Clock
  /** There is a Lambda endpoint for what the config does not host. */
  readonly hasUpstream: boolean
}

/** All functions that there are. */
export function createTargets(functions: readonly FunctionSettings[], reach: Reach): TargetRouter {
  const { access, clock, hasUpstream, transport } = reach
  const upstream = hasUpstream ? createLambdaApi(access, clock) : noLambda
  const upstreamCounts = access.isAws('lambda')
  return createTarget(createRieFunctions(functions, transport, clock), upstream, { clock, upstreamCounts })
}
