import type { MappingMeter } from '../model/mapping-meter.ts'
import type { MappingActivity, MappingCounts } from '../model/mapping-status.ts'
import type { MappingDocument } from '../model/mapping.ts'
import { isStream } from '../model/source.ts'
import type { MappingIdentity, MappingReadings, Metrics } from '../observe/metrics.ts'
import type { Clock } from '../ports.ts'
import type { Mappings } from './mappings.ts'
import { RecentRate } from './recent-rate.ts'

/** The meters of all mappings: each counts for Prometheus under its mapping's present function, and keeps a tally for `why`. */
export class Meters {
  readonly #metrics: Pick<Metrics, 'forMapping' | 'forget'>
  readonly #documentOf: (uuid: string) => MappingDocument | undefined
  readonly #clock: Pick<Clock, 'wallMs' | 'monoMs'>
  readonly #tallies = new Map<string, { polled: number; filteredOut: number }>()
  readonly #sent = new Map<string, { lastMs: number | null; readonly rate: RecentRate }>()

  constructor(
    metrics: Pick<Metrics, 'forMapping' | 'forget'>,
    documentOf: (uuid: string) => MappingDocument | undefined,
    clock: Pick<Clock, 'wallMs' | 'monoMs'>,
  ) {
    this.#clock = clock
    this.#metrics = metrics
    this.#documentOf = documentOf
  }

  tally(uuid: string): MappingCounts | undefined {
    return this.#tallies.get(uuid)
  }

  activity(uuid: string): MappingActivity | undefined {
    const sent = this.#sent.get(uuid)
    return sent && { lastInvokedMs: sent.lastMs, recordsPerSecond: sent.rate.perSecond(this.#clock.monoMs()) }
  }

  forget(uuid: string): void {
    this.#tallies.delete(uuid)
    this.#sent.delete(uuid)
    this.#metrics.forget(uuid)
  }

  meterOf(first: MappingDocument): MappingMeter {
    const { uuid } = first
    const tally = { polled: 0, filteredOut: 0 }
    this.#tallies.set(uuid, tally)
    const sent: { lastMs: number | null; readonly rate: RecentRate } = { lastMs: null, rate: new RecentRate() }
    this.#sent.set(uuid, sent)
    const now = () => this.#metrics.forMapping(identityOf(this.#documentOf(uuid) ?? first))
    now()
    return {
      polled: (records, tookMs) => {
        tally.polled += records
        now().polled(records, tookMs)
      },
      filteredOut: (records) => {
        tally.filteredOut += records
        now().filteredOut(records)
      },
      invokeStarted: (records) => {
        sent.lastMs = this.#clock.wallMs()
        sent.rate.add(records, this.#clock.monoMs())
        // The end counts where the start did, whatever was updated in between.
        return now().invokeStarted(records)
      },
      deleted: (records) => now().deleted(records),
      delivered: (records) => now().delivered(records),
      deliveryFailed: () => now().deliveryFailed(),
      dropped: (records, reason) => now().dropped(records, reason),
      recursionDropped: () => now().recursionDropped(),
      positionLost: (reason) => now().positionLost(reason),
      flowCrashed: () => now().flowCrashed(),
      iteratorAge: (ms) => now().iteratorAge(ms),
    }
  }
}

/** What every mapping holds at this moment, for a scrape. */
export function* readingsOf(mappings: Pick<Mappings, 'list' | 'status'>): Iterable<MappingReadings> {
  for (const document of mappings.list()) {
    const flows = mappings.status(document.uuid)?.flows ?? []
    const behind = flows.flatMap(({ behindMs }) => behindMs ?? [])
    yield {
      ...identityOf(document),
      enabled: document.state === 'Enabled' || document.state === 'Updating',
      heldRecords: flows.reduce((sum, flow) => sum + flow.held, 0),
      heldBytes: flows.reduce((sum, flow) => sum + flow.heldBytes, 0),
      behindMs: behind.length === 0 ? null : Math.max(...behind),
      iteratorAgeMs: isStream(document.source) ? Math.max(0, ...flows.map((flow) => flow.iteratorAgeMs ?? 0)) : null,
    }
  }
}

function identityOf({ uuid, sourceName, functionArn }: MappingDocument): MappingIdentity {
  return { uuid, source: sourceName, function: functionArn }
}
