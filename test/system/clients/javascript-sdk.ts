import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import type { LambdaAnswer, LambdaOperation, Tool } from './tool.ts'

/** The AWS SDK for JavaScript. */
export function javaScriptSdk(endpoint: string): Tool {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  return {
    call: (operation, input) => send(client, operation, input as never),
    close: () => Promise.resolve(client.destroy()),
  }
}

/** `never` fits every command's input; what the life sends is checked by the API itself. */
function send(client: LambdaClient, operation: LambdaOperation, input: never): Promise<LambdaAnswer> {
  switch (operation) {
    case 'CreateEventSourceMapping':
      return answerOf(client.send(new CreateEventSourceMappingCommand(input)))
    case 'GetEventSourceMapping':
      return answerOf(client.send(new GetEventSourceMappingCommand(input)))
    case 'ListEventSourceMappings':
      return answerOf(client.send(new ListEventSourceMappingsCommand(input)))
    case 'UpdateEventSourceMapping':
      return answerOf(client.send(new UpdateEventSourceMappingCommand(input)))
    case 'DeleteEventSourceMapping':
      return answerOf(client.send(new DeleteEventSourceMappingCommand(input)))
    case 'TagResource':
      return answerOf(client.send(new TagResourceCommand(input)))
    case 'UntagResource':
      return answerOf(client.send(new UntagResourceCommand(input)))
    case 'ListTags':
      return answerOf(client.send(new ListTagsCommand(input)))
    default:
      return operation satisfies never
  }
}

async function answerOf(sent: Promise<object>): Promise<LambdaAnswer> {
  const { $metadata: _, ...answer } = (await sent) as Record<string, unknown>
  return answer
}
