import type { HttpResult } from '../access/aws-access.ts'
import { foreignSign, isXmlSign } from '../events/foreign-answer.ts'
import { isJsonObject, parseJson, stringOf, type JsonObject } from '../events/json-value.ts'
import { parseFunctionName, unqualifiedFunction, type FunctionReference } from '../model/arn.ts'
import type { FunctionDescription } from '../ports.ts'
import { describeAnswer, noLambda, serviceErrorOf, type LambdaAnswer } from './lambda-answer.ts'

/** What an answer to GetFunctionConfiguration or GetFunction tells of the function. */
export function descriptionOf(result: HttpResult, reference: FunctionReference): FunctionDescription {
  if (result.kind !== 'ok') return { kind: 'unknown', message: result.message }
  const error = serviceErrorOf(result)
  if (result.status === 404 && error?.type === 'ResourceNotFoundException') {
    return { kind: 'missing', message: describeAnswer(result, error) }
  }
  const sign = signOfNoLambda(result)
  if (sign !== null) return noLambda(result.status, sign)
  const document = documentOf(result)
  if (document === undefined) return { kind: 'unknown', message: describeAnswer(result, error) }
  const timeoutS = document['Timeout']
  return {
    kind: 'found',
    arn: qualifiedArn(stringOf(document['FunctionArn']), reference),
    timeoutMs: typeof timeoutS === 'number' && timeoutS > 0 ? timeoutS * 1_000 : null,
    concurrency: null,
  }
}

/**
 * What no Lambda answers to this question. A page under 404 says little: an endpoint may know how to invoke and nothing else
 * (serverless-offline, a Runtime Interface Emulator). XML is the voice of S3, SNS or a query protocol.
 */
function signOfNoLambda(answer: LambdaAnswer): string | null {
  const { status } = answer
  if (status >= 500) return null
  const sign = foreignSign(answer)
  if (status >= 300) return status < 400 || isXmlSign(sign) ? sign : null
  return sign ?? (parseJson(answer.body) === undefined ? 'what describes no function' : null)
}

function documentOf({ body, status }: LambdaAnswer): JsonObject | undefined {
  const parsed = status === 200 ? parseJson(body) : undefined
  const document = isJsonObject(parsed) && isJsonObject(parsed['Configuration']) ? parsed['Configuration'] : parsed
  return isJsonObject(document) && ofFunction.some((name) => name in document) ? document : undefined
}

/** One of them is in any description of a function, however little an emulator tells. */
const ofFunction = ['FunctionArn', 'FunctionName', 'Timeout']

/** With the qualifier that was asked for, whatever the endpoint appends by itself. */
function qualifiedArn(arn: string | undefined, { qualifier }: FunctionReference): string | null {
  const parsed = arn === undefined ? undefined : parseFunctionName(arn)
  if (parsed?.arn === undefined) return null
  return qualifier === undefined ? unqualifiedFunction(parsed) : `${unqualifiedFunction(parsed)}:${qualifier}`
}

/** Not a statement about the function: the endpoint does not have this operation (serverless-offline). */
export function isUnknownRoute(result: HttpResult): boolean {
  if (result.kind !== 'ok') return false
  if (result.status === 405 || result.status === 501) return true
  return result.status === 404 && serviceErrorOf(result)?.type !== 'ResourceNotFoundException'
}

/** Whether an answer to GetFunctionConfiguration is one of a Lambda: a function, or a refusal in JSON. */
export function isLambdaVoice(answer: LambdaAnswer): boolean {
  return answer.status === 200 ? documentOf(answer) !== undefined : parseJson(answer.body) !== undefined
}
