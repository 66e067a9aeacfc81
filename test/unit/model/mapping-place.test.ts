import { expect, it } from 'vitest'
import { functionPlace } from '../../../src/model/mapping-place.ts'

const configured = { region: 'eu-west-1', account: '000000000000' }

it.each([
  ['arn:aws:sqs:us-east-1:111122223333:q', '111122223333'],
  ['arn:aws:sqs:elasticmq::q', '000000000000'],
  ['arn:aws:sqs:us-east-1:local:q', '000000000000'],
  ['kinesis:clicks', '000000000000'],
])('a function without an ARN is in the configured region, and for %s in account %s', (source, account) => {
  expect(functionPlace(source, configured)).toEqual({ region: 'eu-west-1', account })
})
