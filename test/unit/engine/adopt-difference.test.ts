import { expect, it } from 'vitest'
import { changedMembers } from '../../../src/engine/adopt-difference.ts'
import { validateCreate, validateUpdate } from '../../../src/model/mapping-validation.ts'
import { rules } from './engine-rig.ts'

const { parameters: full } = validateCreate(
  {
    EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
    FunctionName: 'f',
    StartingPosition: 'LATEST',
    BatchSize: 7,
    FilterCriteria: { Filters: [{ Pattern: '{"data":{"a":[1]}}' }] },
    KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/x',
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:dead' } },
  },
  rules,
)

const said = (body: object) =>
  changedMembers(full, validateUpdate(body, { source: 'kinesis', parameters: full }, rules).parameters)

it.each([
  [{ BatchSize: 7, Enabled: false }, {}],
  [{ BatchSize: 8 }, { BatchSize: 8 }],
  [{ FilterCriteria: {} }, { FilterCriteria: {}, KMSKeyArn: '' }],
  [{ FunctionResponseTypes: [] }, { FunctionResponseTypes: [] }],
  // AWS refuses an OnFailure without a Destination (aws-controllers-k8s#2865).
  [{ DestinationConfig: {} }, { DestinationConfig: { OnFailure: { Destination: '' } } }],
])('an update of %j is said upstream as %j', (body, expected) => {
  expect(said(body)).toEqual(expected)
})
