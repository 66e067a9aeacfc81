import { createAwsAccess, type AwsConnections } from './access/create-aws-access.ts'
import { networkSettings, type NetworkSettings } from './access/network-settings.ts'
import { ReplyRoom } from './access/reply-room.ts'
import { createProxyAgents, createTransport } from './access/transport.ts'
import { createUpstreamSigner } from './api/upstream-signer.ts'
import { createUpstream, type Upstream } from './api/upstream.ts'
import type { LendingMemory } from './model/memory.ts'
import type { ServiceSettings } from './model/settings.ts'
import type { Log } from './observe/log.ts'
import type { Clock, SourceOpener } from './ports.ts'
import { createSourceOpener } from './sources/source-opener.ts'
import { createTargets } from './targets/create-targets.ts'
import type { TargetRouter } from './targets/target-router.ts'

/** The ways out of the process, the same for a service that runs and for a look before it does. */
export interface Connections {
  readonly access: AwsConnections
  readonly opener: SourceOpener
  readonly target: TargetRouter
  /** The Lambda endpoint behind this one; null: there is none. */
  readonly upstream: Upstream | null
  close(): Promise<void>
}

export interface Ears {
  readonly log: Log
  /** Hears of credentials that were fetched. */
  readonly learnSecret?: (secret: string | undefined) => void
  /** What replies hold while they come in is borrowed of it. */
  readonly memory?: LendingMemory
}

export async function connect(
  settings: ServiceSettings,
  clock: Clock,
  { learnSecret, log, memory }: Ears,
): Promise<Connections> {
  const replies = new ReplyRoom(memory)
  const access = await createAwsAccess(settings.aws, log, learnSecret, replies)
  const network = networkSettings(settings.aws, process.env)
  const transport = createTransport(network, replies)
  const upstream = settings.functionsOnly ? null : upstreamOf(access, network)
  return {
    access,
    opener: createSourceOpener(access),
    target: createTargets(settings.functions, { access, transport, clock, hasUpstream: upstream !== null }),
    upstream,
    async close() {
      upstream?.close()
      transport.close()
      await access.close()
    },
  }
}

/** AWS's own Lambda is meant only where the queues and streams are AWS's as well, or where it is named. */
function upstreamOf(access: AwsConnections, network: NetworkSettings): Upstream | null {
  const { authorization, endpoint } = access.service('lambda', undefined, undefined)
  const agents = createProxyAgents(network, 'lambda')
  if (!access.isAws('lambda')) return createUpstream({ endpoint, authorization, agents })
  if (!access.isNamed('lambda') && (!access.isAws('sqs') || !access.isAws('kinesis'))) return null
  const { credentials, region } = access
  return createUpstream({ endpoint, agents, signer: createUpstreamSigner({ region, credentials }) })
}
