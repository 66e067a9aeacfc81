import type { FlowDetail } from '../../src/core/flow/inspection.ts'

/** A flow that has nothing to tell. */
export const noDetail: FlowDetail = {
  batches: [],
  groups: [],
  hidden: { count: 0, firstInMs: null, firstId: null },
  windowEndsInMs: null,
}
