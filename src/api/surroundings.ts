import type { AwsAccess } from '../access/aws-access.ts'
import { sourceOf } from '../model/arn.ts'
import { sourceService } from '../model/settings.ts'
import type { PlaceHolder } from '../engine/place-holders.ts'
import type { ApiDeps } from './api-deps.ts'
import type { Upstream } from './upstream.ts'

/** The places for invocations, and who holds them while others wait. */
export interface Places {
  readonly invocationsMax: number
  readonly holders: () => readonly PlaceHolder[]
}

/** Where the sources and functions of mappings are asked for, as their adapters ask. */
export function createSurroundings(
  access: AwsAccess,
  upstream: Upstream | null,
  { holders, invocationsMax }: Places,
): ApiDeps['surroundings'] {
  return ({ source, sourceName }) => {
    const { region, account } = sourceOf(sourceName) ?? {}
    const sourceEndpoint = access.service(sourceService[source], region, account).endpoint
    const functionEndpoint = upstream?.endpoint ?? null
    return { sourceEndpoint, functionEndpoint, maxInvocations: invocationsMax, holders: holders() }
  }
}
