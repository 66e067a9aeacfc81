/** Writes what it was given, so that `logs function` shows that it was invoked. */
export async function handler(event) {
  for (const { eventSource, body, kinesis, dynamodb } of event.Records) {
    console.log(
      'received',
      eventSource,
      body ?? (kinesis && Buffer.from(kinesis.data, 'base64').toString()) ?? dynamodb,
    )
  }
}
