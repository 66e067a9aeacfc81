import type { MappingMeter } from '../../src/engine/meters.ts'

/** Counts nothing. */
export const silentMeter: MappingMeter = {
  polled() {},
  filteredOut() {},
  invokeStarted: () => () => {},
  deleted() {},
  delivered() {},
  deliveryFailed() {},
  dropped() {},
  recursionDropped() {},
  positionLost() {},
  flowCrashed() {},
  iteratorAge() {},
}
