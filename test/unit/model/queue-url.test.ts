import { expect, it } from 'vitest'
import { queueArnOfUrl } from '../../../src/model/queue-url.ts'

const place = { region: 'eu-central-1', account: '000000000000' }

it.each([
  ['http://localhost:4566/000000000007/orders', 'arn:aws:sqs:eu-central-1:000000000007:orders'],
  ['http://localhost:9324/queue/orders.fifo', 'arn:aws:sqs:eu-central-1:000000000000:orders.fifo'],
  ['http://localhost:4566/queue/eu-west-1/000000000007/orders/', 'arn:aws:sqs:eu-west-1:000000000007:orders'],
  ['http://sqs.eu-west-3.localhost.localstack.cloud:4566/000000000000/q', 'arn:aws:sqs:eu-west-3:000000000000:q'],
  ['http://us-east-2.queue.localhost.localstack.cloud:4566/000000000000/q', 'arn:aws:sqs:us-east-2:000000000000:q'],
  ['https://sqs.us-gov-west-1.amazonaws.com/123456789012/q', 'arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q'],
  ['arn:aws:sqs:us-east-1:000000000000:orders', undefined],
  ['http://localhost:4566/', undefined],
  ['http://localhost:4566/2015-03-31/functions/f/invocations', undefined],
  ['http://', undefined],
])('%s is %s', (url, arn) => {
  expect(queueArnOfUrl(url, place)).toBe(arn)
})
