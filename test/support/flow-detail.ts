import type { FlowDetail } from '../../src/model/mapping-status.ts'

/** A flow that has nothing to tell. */
export const noDetail: FlowDetail = {
  batches: [],
  groups: [],
  hidden: { count: 0, firstInMs: null, firstId: null },
  windowEndsInMs: null,
}
