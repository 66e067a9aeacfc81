import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { AwsService, AwsSettings } from '../model/settings.ts'
import type { AwsAccess, AwsCaller, ClockOffsets } from './aws-access.ts'
import { createAwsCaller } from './aws-caller.ts'
import type { IdentityResult } from './aws-caller.ts'
import { isAwsEndpoint, isRegionName } from './aws-hosts.ts'
import { createClockOffsetBook } from './clock-offsets.ts'
import { createCredentialSource } from './credential-source.ts'
import type { CredentialProvider, CredentialSource } from './credential-source.ts'
import { knowsProxies, networkSettings, nonEmpty } from './network-settings.ts'
import { fallbackRegion, readSdkRules } from './sdk-rules.ts'
import type { SdkRules } from './sdk-rules.ts'
import type { ReplyRoom } from './reply-room.ts'
import { createProxyAgents, createTransport } from './transport.ts'

/** The part of the log that is used here. */
export interface AccessLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** The access, and what else follows from the same rules. */
export interface AwsConnections extends AwsAccess, ClockOffsets {
  /** Where no ARN names one. */
  readonly region: string
  /** An endpoint of this service was configured. */
  isNamed(service: AwsService): boolean
  /** The SDK's whole chain, for what is signed elsewhere. */
  readonly credentials: CredentialProvider
}

/** `learnSecret` hears of credentials as they are fetched; `replies` is shared with what else has connections. */
export async function createAwsAccess(
  settings: AwsSettings,
  log: AccessLog,
  learnSecret: (secret: string | undefined) => void = () => {},
  replies?: ReplyRoom,
): Promise<AwsConnections> {
  const network = networkSettings(settings, process.env)
  if (network.proxyEnv !== undefined && !knowsProxies(process.versions.node)) {
    const node = process.versions.node
    log.warn({ node }, 'HTTP_PROXY and HTTPS_PROXY are not used: they need Node 22.21, 24.5 or newer.')
  }
  const transport = createTransport(network, replies)
  const offsets = createClockOffsetBook()
  const found = await readSdkRules(settings, new NodeHttpHandler(createProxyAgents(network)))
  const heard = (provider: CredentialProvider): CredentialProvider => listening(provider, learnSecret)
  const rules = {
    ...found,
    credentials: heard(found.credentials),
    credentialsElsewhere: heard(found.credentialsElsewhere),
  }
  // The SDK for JavaScript does not look at AWS_DEFAULT_REGION, the AWS CLI and boto3 do.
  const named = rules.region ?? nonEmpty(process.env['AWS_DEFAULT_REGION'])
  const region = named ?? fallbackRegion
  if (named === undefined) {
    log.info(
      { region },
      `No region is configured (aws.region, AWS_REGION, a profile or AWS_DEFAULT_REGION): ${region} is used.`,
    )
  }
  const identities = createIdentities(rules, log)
  const callers = new Map<string, AwsCaller>()
  const endpointOf = (service: AwsService, inRegion: string): string =>
    rules.configured[service] ?? rules.awsEndpoint(service, inRegion)

  return {
    region,
    isNamed: (service) => rules.configured[service] !== undefined,
    credentials: rules.credentials,
    service(service, wantedRegion, account) {
      const inRegion = wantedRegion !== undefined && isRegionName(wantedRegion) ? wantedRegion : region
      const key = `${service} ${inRegion} ${account ?? ''}`
      const known = callers.get(key)
      if (known !== undefined) return known
      const endpoint = endpointOf(service, inRegion)
      const identity = isAwsEndpoint(endpoint) ? identities.aws : identities.elsewhere(account ?? settings.account)
      const caller = createAwsCaller({ service, region: inRegion, endpoint, identity, transport, offsets })
      callers.set(key, caller)
      return caller
    },
    isAws: (service) => isAwsEndpoint(endpointOf(service, region)),
    offsetMs: (endpoint) => offsets.offsetMs(endpoint),
    close: async () => {
      transport.close()
    },
  }
}

function listening(
  provider: CredentialProvider,
  learnSecret: (secret: string | undefined) => void,
): CredentialProvider {
  return async () => {
    const given = await provider()
    learnSecret(given.secretAccessKey)
    learnSecret(given.sessionToken)
    return given
  }
}

interface Identities {
  readonly aws: () => IdentityResult | Promise<IdentityResult>
  readonly elsewhere: (account: string) => () => IdentityResult | Promise<IdentityResult>
}

function createIdentities(rules: SdkRules, log: AccessLog): Identities {
  const aws = createCredentialSource(rules.credentials)
  const elsewhere = createCredentialSource(rules.credentialsElsewhere)
  let dummies = false
  const useDummies = (reason: string): void => {
    if (dummies) return
    dummies = true
    log.info(
      { reason },
      'No AWS credentials are configured, and the endpoint is not AWS: requests are signed with dummy ones.',
    )
  }
  return {
    aws: () => currentOrRenewed(aws),
    elsewhere: (account) => {
      // LocalStack and others take the account from an access key of twelve digits.
      const dummy: IdentityResult = { kind: 'ok', identity: { accessKeyId: account, secretAccessKey: 'millrace' } }
      return () => {
        if (dummies) return dummy
        const current = elsewhere.current()
        if (current !== null) return { kind: 'ok', identity: current }
        return elsewhere.renew().then((renewed) => {
          if (renewed.kind === 'ok' || !renewed.unconfigured) return renewed
          useDummies(renewed.message)
          return dummy
        })
      }
    },
  }
}

function currentOrRenewed(source: CredentialSource): IdentityResult | Promise<IdentityResult> {
  const current = source.current()
  return current === null ? source.renew() : { kind: 'ok', identity: current }
}
