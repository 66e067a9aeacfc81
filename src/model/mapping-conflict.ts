import { ApiError } from './api-error.ts'
import { parseFunctionName } from './arn.ts'
import { isSameMapping, type MappingDocument } from './mapping.ts'
import { isStream } from './source.ts'

/** Throws what AWS answers where one of these is the wanted mapping already. `uuid` is the mapping itself, where it exists. */
export function refuseDuplicate(
  all: readonly MappingDocument[],
  wanted: Pick<MappingDocument, 'source' | 'sourceName' | 'sourceArn' | 'functionArn'>,
  uuid?: string,
): void {
  const other = all.find((document) => document.uuid !== uuid && isSameMapping(document, wanted))
  if (other === undefined) return
  const functionName = parseFunctionName(wanted.functionArn)?.name ?? wanted.functionArn
  const pair = `(" ${wanted.sourceName} ") and function (" ${functionName} ")`
  const rest = `already exists. Please update or delete the existing mapping with UUID ${other.uuid}`
  const text = isStream(wanted.source)
    ? `The event source arn ${pair} provided mapping ${rest}`
    : `An event source mapping with SQS arn ${pair} ${rest}`
  throw new ApiError('ResourceConflictException', text)
}
