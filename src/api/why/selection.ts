import { parseArn, parseFunctionName, sourceOf } from '../../model/arn.ts'
import { sourceNamesOf, type MappingDocument } from '../../model/mapping.ts'
import { functionNoun, sourceNoun } from './wording.ts'

/** The mappings that somebody means: by UUID, or by the queue, stream, table or function that they touch, named in any way. */
export function mappingsAbout(documents: readonly MappingDocument[], text: string): readonly MappingDocument[] {
  return documents.filter((document) => namesOf(document).has(text) || touches(document, text))
}

/** Every name that is a mapping's own, word for word. */
function namesOf(document: MappingDocument): ReadonlySet<string> {
  const { uuid, functionArn } = document
  return new Set([uuid, functionArn, ...sourceNamesOf(document)])
}

function touches(document: MappingDocument, text: string): boolean {
  return sourceTouches(document, text) || functionTouches(document, text)
}

function sourceTouches(document: MappingDocument, text: string): boolean {
  const resources = sourceNamesOf(document).flatMap((name) => sourceOf(name)?.resource ?? [])
  const arn = parseArn(text)
  const table = arn?.service === 'dynamodb' ? /^table\/([^/]+)/.exec(arn.resource)?.[1] : undefined
  const queue = /^https?:/.test(text) ? text.slice(text.lastIndexOf('/') + 1) : undefined
  const [, named] = /^(?:kinesis|dynamodb|sqs):([^:]+)$/.exec(text) ?? []
  return resources.some((resource) => [text, table, queue, named].includes(resource))
}

/** An unqualified name means the function with all its versions and aliases. */
function functionTouches({ functionArn }: MappingDocument, text: string): boolean {
  const ours = parseFunctionName(functionArn)
  const asked = parseFunctionName(text)
  if (ours === undefined || asked === undefined || ours.name !== asked.name) return false
  if (asked.account !== undefined && asked.account !== ours.account) return false
  return asked.qualifier === undefined || asked.qualifier === ours.qualifier
}

const shownMax = 5

/** What could have been meant, for a name that nothing goes by. */
export function knownNames(documents: readonly MappingDocument[]): string {
  if (documents.length === 0) return 'There are no mappings.'
  const names = documents.slice(0, shownMax).map((document) => `${sourceNoun(document)} to ${functionNoun(document)}`)
  const more = documents.length > shownMax ? `, and ${documents.length - shownMax} more` : ''
  return `There are: ${names.join(', ')}${more}.`
}
