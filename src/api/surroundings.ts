import type { AwsAccess } from '../access/aws-access.ts'
import { sourceOf } from '../model/arn.ts'
import { sourceService } from '../model/settings.ts'
import type { ApiDeps } from './api-deps.ts'
import type { Upstream } from './upstream.ts'

/** Where the sources and functions of mappings are asked for, as their adapters ask. */
export function createSurroundings(
  access: AwsAccess,
  upstream: Upstream | null,
  maxInvocations: number,
): ApiDeps['surroundings'] {
  return ({ source, sourceName }) => {
    const { region, account } = sourceOf(sourceName) ?? {}
    const sourceEndpoint = access.service(sourceService[source], region, account).endpoint
    return { sourceEndpoint, functionEndpoint: upstream?.endpoint ?? null, maxInvocations }
  }
}
