import type { FlowRequest } from '../core/flow/messages.ts'

/** A receive that ends by itself within this time is waited for when it is given up. */
const patienceMsMax = 1_000
/** How much longer than it said a receive may take before it is cut off. */
export const patienceSpareMs = 500

/** When the source answers at the latest (monotonic); null: not soon, or nobody knows. */
export function endsByItselfMs(request: FlowRequest, nowMs: number): number | null {
  const isShort = request.kind === 'read' && request.from === null && request.waitMs <= patienceMsMax
  return isShort ? nowMs + request.waitMs : null
}
