import type { SQSClientConfig } from '@aws-sdk/client-sqs'
import type { AwsService, AwsSettings } from '../model/settings.ts'
import type { CredentialProvider } from './credential-source.ts'

/**
 * What the AWS SDK itself would do here: region, endpoints and credentials come from its own clients, so that variables,
 * profiles, `services` sections, containers and web identities mean what its documentation says. Only the requests are ours.
 */
export interface SdkRules {
  readonly region: string | undefined
  /** The endpoint that settings, environment or profile name; undefined: AWS's own. */
  readonly configured: Readonly<Partial<Record<AwsService, string>>>
  /** AWS's own endpoint of a service whose endpoint is not configured. */
  awsEndpoint(service: AwsService, region: string): string
  /** The SDK's whole chain. */
  readonly credentials: CredentialProvider
  /** The chain without the instance metadata service, which away from AWS only costs a second of waiting. */
  readonly credentialsElsewhere: CredentialProvider
}

/** The names under which the SDK looks for endpoints, e.g. `AWS_ENDPOINT_URL_DYNAMODB_STREAMS`. */
const serviceIds: Readonly<Record<AwsService, string>> = {
  sqs: 'SQS',
  kinesis: 'Kinesis',
  dynamodbstreams: 'DynamoDB Streams',
  dynamodb: 'DynamoDB',
  lambda: 'Lambda',
  sns: 'SNS',
  s3: 'S3',
}

/** Where neither settings nor environment nor profile name one. Emulators do not care; AWS's ARNs bring their own. */
export const fallbackRegion = 'us-east-1'

export const awsServices: readonly AwsService[] = [
  'sqs',
  'kinesis',
  'dynamodbstreams',
  'dynamodb',
  'lambda',
  'sns',
  's3',
]

export async function readSdkRules(
  settings: AwsSettings,
  requestHandler: SQSClientConfig['requestHandler'],
): Promise<SdkRules> {
  const { SQSClient } = await import('@aws-sdk/client-sqs')
  const named: SQSClientConfig = settings.region === undefined ? {} : { region: settings.region }
  if (requestHandler !== undefined) named.requestHandler = requestHandler
  const region = await new SQSClient(named).config.region().catch(() => undefined)
  // A client without a region does not even say whether it would use FIPS endpoints.
  const base: SQSClientConfig = { ...named, region: region ?? fallbackRegion }
  const client = new SQSClient(base)

  const configured: Partial<Record<AwsService, string>> = {}
  for (const service of awsServices) {
    const told = settings.endpoints[service] ?? settings.endpoint
    // Any client answers for another service's id: the rule is the same, and one package is loaded instead of seven.
    const found =
      told ?? (await new SQSClient({ ...base, serviceId: serviceIds[service] }).config.serviceConfiguredEndpoint?.())
    if (found !== undefined && found !== '') configured[service] = found
  }

  const flags = {
    UseFIPS: await client.config.useFipsEndpoint(),
    UseDualStack: await client.config.useDualstackEndpoint(),
  }
  const providers = new Map<AwsService, EndpointProvider>()
  for (const service of awsServices) {
    if (configured[service] === undefined) providers.set(service, await endpointProviders[service]())
  }
  return {
    region,
    configured,
    awsEndpoint(service, inRegion) {
      const provider = providers.get(service)
      if (provider === undefined) throw new Error(`The endpoint of ${service} is configured; AWS's own is not known.`)
      return provider({ Region: inRegion, ...flags }).url.origin
    },
    credentials: () => client.config.credentials(),
    credentialsElsewhere: await chainElsewhere(region),
  }
}

type EndpointProvider = (parameters: { Region: string; UseFIPS: boolean; UseDualStack: boolean }) => { url: URL }

const endpointProviders: Readonly<Record<AwsService, () => Promise<EndpointProvider>>> = {
  sqs: async () => new (await import('@aws-sdk/client-sqs')).SQSClient({}).config.endpointProvider,
  kinesis: async () => new (await import('@aws-sdk/client-kinesis')).KinesisClient({}).config.endpointProvider,
  dynamodbstreams: async () =>
    new (await import('@aws-sdk/client-dynamodb-streams')).DynamoDBStreamsClient({}).config.endpointProvider,
  dynamodb: async () => new (await import('@aws-sdk/client-dynamodb')).DynamoDBClient({}).config.endpointProvider,
  lambda: async () => new (await import('@aws-sdk/client-lambda')).LambdaClient({}).config.endpointProvider,
  sns: async () => new (await import('@aws-sdk/client-sns')).SNSClient({}).config.endpointProvider,
  s3: async () => new (await import('@aws-sdk/client-s3')).S3Client({}).config.endpointProvider,
}

async function chainElsewhere(region: string | undefined): Promise<CredentialProvider> {
  const { createCredentialChain, fromContainerMetadata, fromEnv, fromHttp, fromIni, fromProcess, fromTokenFile } =
    await import('@aws-sdk/credential-providers')
  const clientConfig = region === undefined ? {} : { clientConfig: { region } }
  const { env } = process
  const chain = createCredentialChain(
    // As in the SDK's own chain, a profile that is named comes before keys in the environment.
    ...(env['AWS_PROFILE'] === undefined ? [fromEnv()] : []),
    fromIni(clientConfig),
    fromProcess(),
    fromTokenFile(clientConfig),
    ...(env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] === undefined ? [] : [fromHttp()]),
    ...(env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] === undefined ? [] : [fromContainerMetadata()]),
  )
  return () => chain()
}
