import { ApiError } from '../model/api-error.ts'
import { readStructure, refuse, type Shape, type Violation } from '../model/mapping-shape.ts'

const maxItemsShape: Shape = { type: 'integer', min: 1, max: 10_000 }

/** How many entries a page of a list holds. Refuses a query that breaks the shapes of its members, as a body would be refused. */
export function readPageSize(
  given: Readonly<Record<string, string | undefined>>,
  shapes: Readonly<Record<string, Shape>>,
  pageMax: number,
): number {
  const { MaxItems: maxItems } = given
  if (maxItems !== undefined && !/^-?\d{1,9}$/.test(maxItems)) {
    throw new ApiError('SerializationException', 'STRING_VALUE can not be converted to an Integer')
  }
  const size = maxItems === undefined ? pageMax : Number(maxItems)
  const violations: Violation[] = []
  readStructure({ ...given, MaxItems: size }, { ...shapes, MaxItems: maxItemsShape }, '', violations)
  refuse(violations)
  return Math.min(size, pageMax)
}
