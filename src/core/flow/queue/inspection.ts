import type { GroupInspection, HiddenInspection } from '../../../model/mapping-status.ts'
import { currentUnit } from '../flight.ts'
import type { InspectPart, Now } from '../inspection.ts'
import type { FlowState, Held } from '../state.ts'
import { gatherDueMs } from './reader.ts'
import { flightsAllowed } from './scale.ts'
import type { QueueState } from './state.ts'

const groupsMax = 10

export const inspectQueue: InspectPart<QueueState> = (state, queue, config, now) => {
  const windowMs = gatherDueMs(config, queue)
  return {
    concurrency: flightsAllowed(queue.scale, config.scaling, now.monoMs),
    watermark: null,
    arrivals: { oldestMs: null, batchMs: null },
    outage: queue.outage?.reason ?? null,
    groups: config.traits.ordered === 'group' ? inspectGroups(state, queue, now) : [],
    hidden: inspectHidden(queue, now.receiptMonoMs),
    windowEndsInMs: windowMs === null ? null : Math.max(0, windowMs - now.monoMs),
  }
}

function inspectHidden(queue: QueueState, nowMs: number): HiddenInspection {
  const [first, ...more] = hiddenNow(queue, nowMs).toSorted((one, other) => one.untilMs - other.untilMs)
  if (first === undefined) return { count: 0, firstInMs: null, firstId: null }
  return { count: more.length + 1, firstInMs: first.untilMs - nowMs, firstId: first.id }
}

function inspectGroups(state: FlowState, queue: QueueState, now: Now): readonly GroupInspection[] {
  return [...hiddenGroups(queue, now.receiptMonoMs), ...busyGroups(state, queue, now.monoMs)].slice(0, groupsMax)
}

/** The queue gives nothing of a group while one of its messages is hidden: to the end of the last of these visibilities. */
function hiddenGroups(queue: QueueState, nowMs: number): readonly GroupInspection[] {
  const groups = Map.groupBy(hiddenNow(queue, nowMs), ({ group }) => group)
  return [...groups].flatMap(([group, hidden]) => {
    const [first, ...behind] = hidden
    if (first === undefined) return []
    const endsInMs = Math.max(...hidden.map(({ untilMs }) => untilMs)) - nowMs
    return [{ group, messageId: first.id, step: 'hidden' as const, endsInMs, behind: behind.length }]
  })
}

/** Groups of which we hold more than the batch that is on its way. */
function busyGroups(state: FlowState, queue: QueueState, nowMs: number): readonly GroupInspection[] {
  const waiting = Map.groupBy([...queue.ready.flat(), ...queue.gathering].filter(isOpen), groupOf)
  const seen = new Set<string>()
  const groups: GroupInspection[] = []
  for (const flight of state.flights.values()) {
    for (const one of currentUnit(flight)?.held ?? []) {
      const group = groupOf(one)
      const behind = waiting.get(group)?.length ?? 0
      if (behind === 0 || seen.has(group)) continue
      seen.add(group)
      const endsInMs = flight.phase === 'waiting' ? Math.max(0, flight.dueMs - nowMs) : null
      groups.push({ group, messageId: one.record.id, step: flight.phase, endsInMs, behind })
    }
  }
  return groups
}

function hiddenNow({ hidden }: QueueState, nowMs: number) {
  return [...hidden].flatMap(([id, hidden]) => (hidden.untilMs > nowMs ? [{ id, ...hidden }] : []))
}

function isOpen({ stage }: Held): boolean {
  return stage !== 'done'
}

function groupOf({ record }: Held): string {
  return record.orderKey
}
