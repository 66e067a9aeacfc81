import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { expect, it } from 'vitest'
import { Buffer } from 'node:buffer'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateStreamCommand, DescribeStreamCommand, KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis'
import { reset } from '../../support/functions/behaviour.ts'
import { startKinesisLocal } from '../../support/sources/kinesis-local.ts'
import { startKinesisService } from './kinesis-stack.ts'
import { queueArn, startQueueStack } from './queue-stack.ts'
import { until } from '../../support/until.ts'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

it('gives up records into a bucket with the whole event, under the key of AWS (floci#3620, LocalStack PR 12087)', async () => {
  const stack = await startQueueStack()
  const service = await startKinesisLocal()
  const kinesis = new KinesisClient({
    endpoint: service.endpoint,
    region: 'us-east-1',
    credentials,
    requestHandler: new NodeHttpHandler(),
  })
  const s3 = new S3Client({ endpoint: stack.endpoints.sqs, region: 'us-east-1', credentials, forcePathStyle: true })
  try {
    await s3.send(new CreateBucketCommand({ Bucket: 'failures' }))
    await kinesis.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 1 }))
    await until(async () => {
      const found = await kinesis.send(new DescribeStreamCommand({ StreamName: 's' }))
      return found.StreamDescription?.StreamStatus === 'ACTIVE'
    }, 'the stream is active')
    stack.functions.behave(() => ({ kind: 'error', errorType: 'Error', message: 'boom' }))
    const millrace = await stack.start({
      aws: {
        region: 'us-east-1',
        account: '000000000000',
        endpoints: { ...stack.endpoints, kinesis: service.endpoint, s3: stack.endpoints.sqs },
      },
      mappings: [
        {
          EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
          FunctionName: 'orders',
          StartingPosition: 'TRIM_HORIZON',
          MaximumRetryAttempts: 0,
          DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::failures' } },
        },
      ],
    })
    await kinesis.send(new PutRecordCommand({ StreamName: 's', Data: Buffer.from('lost'), PartitionKey: 'a' }))
    const keys = async () =>
      (await s3.send(new ListObjectsV2Command({ Bucket: 'failures' }))).Contents?.map(({ Key }) => Key ?? '') ?? []
    await until(async () => (await keys()).length === 1, 'the object is there')
    const [key = ''] = await keys()
    expect(key).toMatch(/^aws\/lambda\/[0-9a-f-]{36}\/shardId-000000000000\/\d{4}\/\d\d\/\d\d\/\S+-[0-9a-f-]{36}$/)
    const object = await s3.send(new GetObjectCommand({ Bucket: 'failures', Key: key }))
    const body = JSON.parse((await object.Body?.transformToString()) ?? '') as { readonly payload: string }
    expect(body.payload).toBe(stack.functions.invocations[0]?.payload)
    await millrace.stop()
  } finally {
    s3.destroy()
    kinesis.destroy()
    await service.stop()
    await stack.stop()
  }
})

// proves: destination.body@Kinesis
it('tells a topic where the records of a batch are that was given up, member for member as AWS does', async () => {
  const service = await startKinesisService()
  const stack = await service.stackOf()
  const sns = new SNSClient({ endpoint: stack.endpoints.sqs, region: 'us-east-1', credentials })
  try {
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'failures' }))
    stack.queue('subscribed')
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queueArn('subscribed') }))
    stack.functions.behave(() => ({ kind: 'error', errorType: 'Error', message: 'boom' }))
    await stack.put('a', 'b')
    await stack.run({ MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: TopicArn } } })
    const ready = () => stack.queues.inspectQueue('subscribed')?.messages.ready ?? []
    await until(() => ready().length === 1, 'the notification')
    const { Message } = JSON.parse(ready()[0]?.body ?? '') as { readonly Message: string }
    const sequenceNumbers = stack.events()[0]?.Records.map(({ kinesis }) => kinesis.sequenceNumber) ?? []
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown
    expect(JSON.parse(Message)).toEqual({
      requestContext: {
        requestId: stack.functions.invocations[0]?.requestId,
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 1,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: time,
      KinesisBatchInfo: {
        shardId: 'shardId-000000000000',
        startSequenceNumber: sequenceNumbers[0],
        endSequenceNumber: sequenceNumbers[1],
        approximateArrivalOfFirstRecord: time,
        approximateArrivalOfLastRecord: time,
        batchSize: 2,
        streamArn: stack.arn,
      },
    })
  } finally {
    sns.destroy()
    await stack.stop()
    await service.stop()
  }
})

// proves: destination.lost-reply
it('says of an invocation whose answer was lost what it says of a timeout', async () => {
  const service = await startKinesisService()
  const stack = await service.stackOf()
  try {
    stack.queue('failures')
    stack.functions.behave(() => reset('accepted'))
    await stack.put('a')
    await stack.run({
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: queueArn('failures') } },
    })
    const ready = () => stack.queues.inspectQueue('failures')?.messages.ready ?? []
    await until(() => ready().length === 1, 'the failure record')
    expect(JSON.parse(ready()[0]?.body ?? '')).toMatchObject({
      requestContext: {
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 1,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    })
  } finally {
    await stack.stop()
    await service.stop()
  }
})
