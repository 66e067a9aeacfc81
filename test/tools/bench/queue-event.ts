interface Received {
  readonly MessageId?: string | undefined
  readonly ReceiptHandle?: string | undefined
  readonly Body?: string | undefined
  readonly Attributes?: Readonly<Record<string, string>> | undefined
  readonly MD5OfBody?: string | undefined
}

/** What a loop that is written by hand gives to the function. */
export function queueEvent(messages: readonly Received[], eventSourceARN: string): string {
  return JSON.stringify({
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes,
      messageAttributes: {},
      md5OfBody: message.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN,
      awsRegion: 'us-east-1',
    })),
  })
}
