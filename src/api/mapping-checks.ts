import { ApiError } from '../model/api-error.ts'
import { type ArnPlace, functionArnOf, functionPlace, parseFunctionName } from '../model/arn.ts'
import { functionFailures } from '../model/failure.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream, type SourceKind } from '../model/source.ts'
import type { DescribeResult, FunctionDescription } from '../ports.ts'

/** The refusals that need a look outside, in the order in which they are made: function, source. Between them a duplicate is refused. */

export interface CheckedFunction {
  readonly functionArn: string
  readonly timeoutMs: number | null
}

/** Only a function that is known to be nowhere is refused: an endpoint that cannot tell is no reason. */
export function checkFunction(
  functionName: string,
  description: FunctionDescription,
  at: { readonly sourceName: string; readonly place: ArnPlace },
): CheckedFunction {
  if (description.kind === 'missing') throw invalid('Function does not exist')
  if (description.kind === 'noLambda') {
    throw invalid(`Function does not exist: ${description.message} ${functionFailures.noLambda.advice}`)
  }
  const known = description.kind === 'found' ? description : { arn: null, timeoutMs: null }
  const given = parseFunctionName(functionName)?.arn
  const functionArn = given ?? known.arn ?? functionArnOf(functionName, functionPlace(at.sourceName, at.place))
  return { functionArn, timeoutMs: known.timeoutMs }
}

export function checkSourceAccess(
  source: SourceKind,
  sourceName: string,
  result: DescribeResult,
  timeoutMs: number | null,
): void {
  switch (result.kind) {
    case 'found':
      checkVisibility(result.visibilityMs, timeoutMs)
      return
    case 'missing':
      throw invalid(isStream(source) ? `Stream not found: ${sourceName}` : missingQueue)
    case 'denied':
      throw invalid(isStream(source) ? deniedStream(sourceName) : deniedQueue(result.action))
    case 'throttled':
      throw new ApiError('TooManyRequestsException', 'Rate exceeded')
    case 'failed':
      throw invalid(`Cannot reach the event source ${sourceName}: ${result.message}`)
    default:
      result satisfies never
  }
}

/** AWS demands it of a new mapping, and of an update that names a function. */
export function checkVisibility(visibilityMs: number | null, timeoutMs: number | null): void {
  if (visibilityMs === null || timeoutMs === null || visibilityMs >= timeoutMs) return
  throw invalid(
    `Queue visibility timeout: ${visibilityMs / 1_000} seconds is less than Function timeout: ${timeoutMs / 1_000} seconds`,
  )
}

/** A mapping on its way to another state can be read, and nothing else. */
export function checkSettled({ state }: MappingDocument, wanted: 'update' | 'delete'): void {
  if (state === 'Enabled' || state === 'Disabled') return
  throw new ApiError('ResourceInUseException', `Cannot ${wanted} the event source mapping because it is in use.`)
}

const missingQueue =
  'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. ' +
  'SQS Error Message: The specified queue does not exist.'

function deniedQueue(action = 'ReceiveMessage'): string {
  return `The function execution role does not have permissions to call ${action.replace(/^sqs:/i, '')} on SQS`
}

function deniedStream(arn: string): string {
  return (
    `Cannot access stream ${arn}. Please ensure the role can perform the GetRecords, GetShardIterator, ` +
    'DescribeStream, and ListStreams Actions on your stream in IAM.'
  )
}

function invalid(message: string): ApiError {
  return new ApiError('InvalidParameterValueException', message)
}
