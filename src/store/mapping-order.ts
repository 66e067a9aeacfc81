import type { MappingDocument } from '../model/mapping.ts'

/** The order in which every store lists mappings: oldest first, then by UUID (behaviour §11.21). */
export function byCreation(a: MappingDocument, b: MappingDocument): number {
  return a.createdMs - b.createdMs || (a.uuid < b.uuid ? -1 : Number(a.uuid > b.uuid))
}
