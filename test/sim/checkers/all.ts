import type { Checker } from '../trace.ts'
import { ages } from './ages.ts'
import { bounded } from './bounded.ts'
import { idle } from './idle.ts'
import { isolation } from './isolation.ts'
import { limits } from './limits.ts'
import { noLoss } from './no-loss.ts'
import { order } from './order.ts'
import { outages } from './outages.ts'
import { pauses } from './pauses.ts'
import { politeness } from './politeness.ts'
import { progress } from './progress.ts'
import { protocol } from './protocol.ts'
import { receipts } from './receipts.ts'
import { retries } from './retries.ts'
import type { Terms } from './terms.ts'
import { windows } from './windows.ts'

/** One checker for every promise of architecture §6 that a single flow can keep or break. */
export function allCheckers(terms: Terms): Checker[] {
  return [
    protocol(),
    receipts(),
    noLoss(),
    order(),
    progress(),
    limits(terms),
    isolation(terms),
    politeness(terms),
    bounded(),
    pauses(),
    idle(terms),
    retries(),
    ages(),
    windows(),
    outages(),
  ]
}
