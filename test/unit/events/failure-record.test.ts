import { expect, it } from 'vitest'
import {
  failureBody,
  failureBodyWithPayload,
  failureObjectKey,
  type FailureRecord,
} from '../../../src/events/failure-record.ts'

const streamArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s'
const failure: FailureRecord = {
  source: 'kinesis',
  requestId: '316aa6d0-8154-xmpl-9af7-85d5f4a6bc81',
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f:live',
  condition: 'RetryAttemptsExhausted',
  attempts: 2,
  reply: { requestId: 'r', statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  timestampMs: Date.parse('2019-11-14T00:38:06.021Z'),
  shardId: 'shardId-000000000001',
  streamArn,
  records: [
    { position: '11', arrivedMs: Date.parse('2019-11-14T00:38:04.835Z') },
    { position: '12', arrivedMs: Date.parse('2019-11-14T00:38:05.100Z') },
    { position: '13', arrivedMs: Date.parse('2019-11-14T00:38:05.580Z') },
  ],
  window: null,
}
const head =
  '{"requestContext":{"requestId":"316aa6d0-8154-xmpl-9af7-85d5f4a6bc81",' +
  '"functionArn":"arn:aws:lambda:us-east-1:000000000000:function:f:live",' +
  '"condition":"RetryAttemptsExhausted","approximateInvokeCount":2},' +
  '"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"version":"1.0",'
const tail =
  '"timestamp":"2019-11-14T00:38:06.021Z","KinesisBatchInfo":{"shardId":"shardId-000000000001",' +
  '"startSequenceNumber":"11","endSequenceNumber":"13","approximateArrivalOfFirstRecord":"2019-11-14T00:38:04.835Z",' +
  `"approximateArrivalOfLastRecord":"2019-11-14T00:38:05.580Z","batchSize":3,"streamArn":"${streamArn}"}}`

// proves: destination.body@Kinesis
it('the failure record of a Kinesis batch has the members and the order of AWS', () => {
  expect(failureBody(failure)).toBe(head + tail)
})

// proves: destination.s3
it('an object store gets the whole event as a string between version and timestamp (floci#3620, LocalStack PR 12087)', () => {
  const payload = '{"Records":[{"body":"\\"ä\\n"}]}'
  const body = failureBodyWithPayload(failure, payload)
  expect(body).toBe(`${head}"payload":${JSON.stringify(payload)},${tail}`)
  expect(JSON.parse(body).payload).toBe(payload)
})

// proves: destination.body@DynamoDB
it('the failure record of a DynamoDB batch has arrivals to the second and a timestamp to the millisecond', () => {
  const body = JSON.parse(failureBody({ ...failure, source: 'dynamodb' }))
  expect(body).not.toHaveProperty('KinesisBatchInfo')
  expect(body.timestamp).toBe('2019-11-14T00:38:06.021Z')
  expect(body.DDBStreamBatchInfo).toEqual({
    shardId: 'shardId-000000000001',
    startSequenceNumber: '11',
    endSequenceNumber: '13',
    approximateArrivalOfFirstRecord: '2019-11-14T00:38:04Z',
    approximateArrivalOfLastRecord: '2019-11-14T00:38:05Z',
    batchSize: 3,
    streamArn,
  })
})

// proves: destination.reported
it('a failure that the function reported has a null functionError', () => {
  const reply = { requestId: 'r', statusCode: 200, executedVersion: '3', functionError: null }
  expect(JSON.parse(failureBody({ ...failure, reply })).responseContext).toEqual({
    statusCode: 200,
    executedVersion: '3',
    functionError: null,
  })
})

// proves: stream.oversize, destination.too-old
it('there is no responseContext for records that grew too old, or that never reached the function', () => {
  const tooOld = JSON.parse(failureBody({ ...failure, condition: 'RecordAgeExceeded', attempts: 1 }))
  expect(tooOld).not.toHaveProperty('responseContext')
  expect(tooOld.requestContext).toMatchObject({ condition: 'RecordAgeExceeded', approximateInvokeCount: 1 })
  expect(JSON.parse(failureBody({ ...failure, reply: null }))).not.toHaveProperty('responseContext')
})

// proves: destination.window
it('the failure of a window names it; an empty final invocation has no sequence numbers', () => {
  const window = {
    startMs: Date.parse('2020-12-09T07:04:00Z'),
    endMs: Date.parse('2020-12-09T07:06:00Z'),
    state: '{}',
    isFinal: true,
    isTerminatedEarly: false,
  }
  const body = JSON.parse(failureBody({ ...failure, window, records: [] }))
  expect(body.timeWindowInfo).toEqual({
    window: { start: '2020-12-09T07:04:00Z', end: '2020-12-09T07:06:00Z' },
    isFinalInvokeForWindow: true,
    isWindowTerminatedEarly: false,
  })
  expect(body.KinesisBatchInfo).toEqual({ shardId: 'shardId-000000000001', streamArn })
  expect(Object.keys(body).at(-1)).toBe('timeWindowInfo')
})

// proves: destination.s3
it('an object is filed by mapping, shard and UTC day', () => {
  const key = failureObjectKey({
    mappingUuid: 'a1b2',
    shardId: 'shardId-000000000001',
    timestampMs: Date.parse('2019-11-04T00:38:06.921Z'),
    uuid: '5f1f',
  })
  expect(key).toBe('aws/lambda/a1b2/shardId-000000000001/2019/11/04/2019-11-04T00.38.06-5f1f')
})
