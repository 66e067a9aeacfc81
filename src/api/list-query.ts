import { ApiError } from '../model/api-error.ts'
import { readStructure, refuse, type Shape, type Violation } from '../model/mapping-shape.ts'

/** The members of the query of a list operation, read by their shapes as a body is; MaxItems is the one that is a number. */
export function readListQuery(
  given: Readonly<Record<string, string | undefined>> & { readonly MaxItems: string | undefined },
  shapes: Readonly<Record<string, Shape>>,
): Readonly<Record<string, unknown>> {
  const { MaxItems: maxItems } = given
  if (maxItems !== undefined && !/^-?\d{1,9}$/.test(maxItems)) {
    throw new ApiError('SerializationException', 'STRING_VALUE can not be converted to an Integer')
  }
  const violations: Violation[] = []
  const read = readStructure(
    { ...given, MaxItems: maxItems === undefined ? undefined : Number(maxItems) },
    shapes,
    '',
    violations,
  )
  refuse(violations)
  return read
}
