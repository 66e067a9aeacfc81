import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SNSClient } from '@aws-sdk/client-sns'
import { SQSClient } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { AwsService } from '../../../src/model/settings.ts'

/** What a person beside Millrace uses: the AWS SDK, pointed at the backend, and for Lambda at Millrace's own port. */
export interface Clients {
  readonly sqs: SQSClient
  readonly sns: SNSClient
  readonly s3: S3Client
  readonly kinesis: KinesisClient
  readonly dynamodb: DynamoDBClient
  readonly streams: DynamoDBStreamsClient
  readonly lambda: LambdaClient
  destroy(): void
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

/** Nothing listens there: a request that should not be made fails at once. */
export const nowhere = 'http://127.0.0.1:9'

export function clientsFor(
  endpoints: Readonly<Partial<Record<AwsService, string>>>,
  region: string,
  millrace: string,
): Clients {
  const at = (service: AwsService) => ({
    region,
    credentials,
    endpoint: endpoints[service] ?? nowhere,
    requestHandler: new NodeHttpHandler({ requestTimeout: 60_000 }),
  })
  const clients = {
    sqs: new SQSClient({ ...at('sqs'), useQueueUrlAsEndpoint: false }),
    sns: new SNSClient(at('sns')),
    s3: new S3Client({ ...at('s3'), forcePathStyle: true }),
    kinesis: new KinesisClient(at('kinesis')),
    dynamodb: new DynamoDBClient(at('dynamodb')),
    streams: new DynamoDBStreamsClient(at('dynamodbstreams')),
    lambda: new LambdaClient({ ...at('lambda'), endpoint: millrace }),
  }
  return {
    ...clients,
    destroy: () => {
      for (const client of Object.values(clients)) client.destroy()
    },
  }
}
