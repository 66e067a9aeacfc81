/** A create that is accepted. */
export const queueMapping = {
  EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders',
  FunctionName: 'orders',
}
