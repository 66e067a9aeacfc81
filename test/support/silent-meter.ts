import type { MappingMeter } from '../../src/model/mapping-meter.ts'

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
