/** One call of the Lambda API by its name in the API's model, and the answer as that client shows it. */
export type LambdaCall = (operation: LambdaOperation, input: Readonly<Record<string, unknown>>) => Promise<LambdaAnswer>

export type LambdaAnswer = Readonly<Record<string, unknown>>

export const lambdaOperations = [
  'CreateEventSourceMapping',
  'GetEventSourceMapping',
  'ListEventSourceMappings',
  'UpdateEventSourceMapping',
  'DeleteEventSourceMapping',
  'TagResource',
  'UntagResource',
  'ListTags',
] as const

export type LambdaOperation = (typeof lambdaOperations)[number]

/** What the client calls the error that the API has answered. */
export class CallError extends Error {
  override readonly name: string

  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/** A program or library that people use, pointed at Millrace. */
export interface Tool {
  readonly call: LambdaCall
  close(): Promise<void>
}

/** What every client is told of its surroundings. */
export function clientEnvironment(endpoint: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_LAMBDA: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_PAGER: '',
  }
}
