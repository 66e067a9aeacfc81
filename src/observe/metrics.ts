import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MappingMeter } from '../model/mapping-meter.ts'
import { createExposition } from './exposition.ts'
import {
  counters,
  gauges,
  histograms,
  mappingLabels,
  readings,
  storeReadings,
  type Declaration,
} from './metric-table.ts'

/** What tells the series of one mapping apart. */
export interface MappingIdentity {
  readonly uuid: string
  /** The source as it was named, the function's ARN. */
  readonly source: string
  readonly function: string
}

/** What a mapping holds at this moment. */
export interface MappingReadings extends MappingIdentity {
  readonly enabled: boolean
  readonly heldRecords: number
  readonly heldBytes: number
  /** null: nobody knows. */
  readonly behindMs: number | null
  /** null: a queue, which has no such age. */
  readonly iteratorAgeMs: number | null
}

/** How the store is at this moment. */
export interface StoreReadings {
  readonly sinceWriteMs: number
  readonly damaged: readonly string[]
}

export interface Metrics {
  readonly contentType: string
  /** The counters of a mapping, at zero from now on: the same object for the same identity. After `forget` it counts nothing. */
  forMapping(identity: MappingIdentity): MappingMeter
  /** Removes every series of a mapping that was deleted. */
  forget(uuid: string): void
  /** Says how to read what is held, once at each scrape. Once per process. */
  watch(read: () => Iterable<MappingReadings>): void
  /** The same of the store. Once per process, where there is one to write. */
  watchStore(read: () => StoreReadings): void
  scrape(): Promise<string>
}

/** `process`: also Node's own metrics (CPU, memory, event loop); off for tests that compare texts. */
export function createMetrics({ process = true }: { readonly process?: boolean } = {}): Metrics {
  const registry = new Registry()
  const instruments = createInstruments(registry)
  const known = new Map<string, Series[]>()
  let readHeld = (): void => {}
  if (process) collectDefaultMetrics({ register: registry })
  return {
    contentType: registry.contentType,
    forMapping: (identity) => {
      const all = known.get(identity.uuid) ?? []
      known.set(identity.uuid, all)
      const found = all.find(({ labels }) => labels.source === identity.source && labels.function === identity.function)
      if (found) return found.metrics
      const series = createSeries(instruments, labelsOf(identity))
      all.push(series)
      return series.metrics
    },
    forget: (uuid) => {
      for (const series of known.get(uuid) ?? []) series.remove()
      known.delete(uuid)
    },
    watch: (read) => {
      readHeld = watchReadings(registry, read)
    },
    watchStore: (read) => watchStore(registry, read),
    scrape: createExposition(registry, () => readHeld()),
  }
}

type Labels = Readonly<Record<(typeof mappingLabels)[number], string>>

function labelsOf({ uuid, source, function: functionArn }: MappingIdentity): Labels {
  return { mapping: uuid, source, function: functionArn }
}

type Instruments = ReturnType<typeof createInstruments>

function createInstruments(registry: Registry) {
  const registers = [registry]
  const counterOf = (name: keyof typeof counters) => {
    const declared: Declaration = counters[name]
    const labelNames = [...mappingLabels, ...(declared.by ? [declared.by.label] : [])]
    return new Counter({ name: declared.name, help: declared.help, labelNames, registers })
  }
  const histogramOf = (name: keyof typeof histograms) =>
    new Histogram({ ...histograms[name], buckets: [...histograms[name].buckets], labelNames: mappingLabels, registers })
  return {
    polled: counterOf('polled'),
    filteredOut: counterOf('filteredOut'),
    invoked: counterOf('invoked'),
    failedInvoke: counterOf('failedInvoke'),
    dropped: counterOf('dropped'),
    delivered: counterOf('delivered'),
    deleted: counterOf('deleted'),
    invocations: counterOf('invocations'),
    errors: counterOf('errors'),
    throttles: counterOf('throttles'),
    deliveryFailures: counterOf('deliveryFailures'),
    recursionDrops: counterOf('recursionDrops'),
    positionsLost: counterOf('positionsLost'),
    flowCrashes: counterOf('flowCrashes'),
    invocation: histogramOf('invocation'),
    receive: histogramOf('receive'),
    iteratorAge: histogramOf('iteratorAge'),
    inFlight: new Gauge({ ...gauges.inFlight, labelNames: mappingLabels, registers }),
  }
}

interface Series {
  readonly labels: Labels
  readonly metrics: MappingMeter
  remove(): void
}

/** The series of one mapping. They begin at zero: a rate is then right from the first event on. */
function createSeries(instruments: Instruments, labels: Labels): Series {
  let removed = false
  const sets = labelSets(labels)
  for (const [name, labelled] of sets) for (const one of labelled) instruments[name].inc(one, 0)
  instruments.inFlight.set(labels, 0)

  const count = (name: keyof typeof counters, amount: number, more: Readonly<Record<string, string>> = {}): void => {
    if (!removed) instruments[name].inc({ ...labels, ...more }, amount)
  }
  const observe = (name: keyof typeof histograms, ms: number): void => {
    if (!removed) instruments[name].observe(labels, ms / 1_000)
  }
  const metrics: MappingMeter = {
    polled: (records, tookMs) => {
      count('polled', records)
      observe('receive', tookMs)
    },
    filteredOut: (records) => count('filteredOut', records),
    invokeStarted: (records) => {
      count('invoked', records)
      if (!removed) instruments.inFlight.inc(labels)
      return ({ failedRecords, outcome, throttled, tookMs }) => {
        if (!removed) instruments.inFlight.dec(labels)
        count('failedInvoke', failedRecords)
        if (throttled) count('throttles', 1)
        // The function did not run, so it is no invocation. A cancelled attempt was out and may have run.
        if (outcome === 'notRun') return
        count('invocations', 1)
        if (outcome === 'cancelled') return
        if (outcome === 'failed') count('errors', 1)
        observe('invocation', tookMs)
      }
    },
    deleted: (records) => count('deleted', records),
    delivered: (records) => count('delivered', records),
    deliveryFailed: () => count('deliveryFailures', 1),
    dropped: (records, reason) => count('dropped', records, { reason }),
    recursionDropped: () => count('recursionDrops', 1),
    positionLost: (reason) => count('positionsLost', 1, { reason }),
    flowCrashed: () => count('flowCrashes', 1),
    iteratorAge: (ms) => observe('iteratorAge', Math.max(0, ms)),
  }
  const remove = (): void => {
    removed = true
    for (const [name, labelled] of sets) for (const one of labelled) instruments[name].remove(one)
    instruments.inFlight.remove(labels)
    for (const name of ['invocation', 'receive', 'iteratorAge'] as const) instruments[name].remove(labels)
  }
  return { labels, metrics, remove }
}

/** Every label set that the counters of a mapping can have. */
function labelSets(labels: Labels): readonly (readonly [keyof typeof counters, readonly Record<string, string>[]])[] {
  const names = Object.keys(counters) as (keyof typeof counters)[]
  return names.map((name) => {
    const { by }: Declaration = counters[name]
    return [name, by ? by.values.map((value) => ({ ...labels, [by.label]: value })) : [labels]]
  })
}

/** Returns how to read anew what the gauges then tell: all of them of one moment, and the flows are asked once. */
function watchReadings(registry: Registry, read: () => Iterable<MappingReadings>): () => void {
  let held: readonly MappingReadings[] = []
  const define = (name: keyof typeof readings, valueOf: (reading: MappingReadings) => number | null): void => {
    registry.registerMetric(
      new Gauge({
        ...readings[name],
        labelNames: mappingLabels,
        registers: [],
        collect() {
          this.reset()
          for (const reading of held) {
            const value = valueOf(reading)
            if (value !== null) this.set(labelsOf(reading), value)
          }
        },
      }),
    )
  }
  define('heldRecords', (reading) => reading.heldRecords)
  define('heldBytes', (reading) => reading.heldBytes)
  define('behind', ({ behindMs }) => (behindMs === null ? null : behindMs / 1_000))
  define('iteratorAgeNow', ({ iteratorAgeMs }) => (iteratorAgeMs === null ? null : iteratorAgeMs / 1_000))
  define('enabled', (reading) => (reading.enabled ? 1 : 0))
  return () => {
    held = [...read()]
  }
}

function watchStore(registry: Registry, read: () => StoreReadings): void {
  const define = (name: keyof typeof storeReadings, valueOf: (reading: StoreReadings) => number): void => {
    registry.registerMetric(
      new Gauge({
        ...storeReadings[name],
        registers: [],
        collect() {
          this.set(valueOf(read()))
        },
      }),
    )
  }
  define('sinceWrite', ({ sinceWriteMs }) => sinceWriteMs / 1_000)
  define('damaged', ({ damaged }) => damaged.length)
}
