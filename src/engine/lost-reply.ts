import { parseFunctionName } from '../model/arn.ts'
import type { InvocationReply } from '../model/invocation.ts'

/** Nothing came back, but the function ran or may have run: the failure record says of that what AWS's say of a timeout. */
export function lostReply(functionArn: string): InvocationReply {
  const qualifier = parseFunctionName(functionArn)?.qualifier ?? ''
  // Which version an alias led to, only the answer would have told.
  const executedVersion = /^\d+$/.test(qualifier) ? qualifier : '$LATEST'
  return { requestId: undefined, statusCode: 200, executedVersion, functionError: 'Unhandled' }
}
