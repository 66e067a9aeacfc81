import { describe, expect, it } from 'vitest'
import { counters, gauges, histograms, readings } from '../../../src/observe/metric-table.ts'
import type { MappingMeter } from '../../../src/model/mapping-meter.ts'
import { createMetrics, type MappingReadings, type Metrics } from '../../../src/observe/metrics.ts'

const orders = {
  uuid: 'u1',
  source: 'arn:aws:sqs:us-east-1:000000000000:orders',
  function: 'arn:aws:lambda:us-east-1:000000000000:function:f',
}
const labels = `mapping="${orders.uuid}",source="${orders.source}",function="${orders.function}"`
const ok = { failedRecords: 0, outcome: 'succeeded', throttled: false, tookMs: 20 } as const

/** The value of one series; undefined where there is none. */
async function valueOf(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.scrape()).split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

const bare = () => createMetrics({ process: false })

describe('the counters of a mapping', () => {
  // proves: metric.counts
  it('stand at zero before the first event', async () => {
    const metrics = bare()
    metrics.forMapping(orders)
    for (const declared of Object.values(counters)) {
      const values = 'by' in declared ? declared.by.values.map((value) => `,${declared.by.label}="${value}"`) : ['']
      for (const more of values) expect(await valueOf(metrics, `${declared.name}{${labels}${more}}`)).toBe(0)
    }
    expect(await valueOf(metrics, `${gauges.inFlight.name}{${labels}}`)).toBe(0)
  })

  it.each<[string, (meter: MappingMeter) => void, string, number]>([
    ['records read', (meter) => meter.polled(7, 3), 'millrace_polled_events_total', 7],
    ['records filtered', (meter) => meter.filteredOut(2), 'millrace_filtered_out_events_total', 2],
    ['records sent', (meter) => meter.invokeStarted(5), 'millrace_invoked_events_total', 5],
    ['messages deleted', (meter) => meter.deleted(4), 'millrace_deleted_events_total', 4],
    ['records delivered', (meter) => meter.delivered(3), 'millrace_on_failure_destination_delivered_events_total', 3],
    ['deliveries failed', (meter) => meter.deliveryFailed(), 'millrace_destination_delivery_failures_total', 1],
    ['loops broken', (meter) => meter.recursionDropped(), 'millrace_recursive_invocation_drops_total', 1],
    ['flows crashed', (meter) => meter.flowCrashed(), 'millrace_flow_assertion_failures_total', 1],
  ])('count %s', async (_what, act, name, expected) => {
    const metrics = bare()
    act(metrics.forMapping(orders))
    expect(await valueOf(metrics, `${name}{${labels}}`)).toBe(expected)
  })

  it.each(counters.dropped.by.values)('count records dropped by reason %s', async (reason) => {
    const metrics = bare()
    metrics.forMapping(orders).dropped(6, reason)
    expect(await valueOf(metrics, `millrace_dropped_events_total{${labels},reason="${reason}"}`)).toBe(6)
  })

  it.each(counters.positionsLost.by.values)('count positions lost by reason %s', async (reason) => {
    const metrics = bare()
    metrics.forMapping(orders).positionLost(reason)
    expect(await valueOf(metrics, `millrace_lost_positions_total{${labels},reason="${reason}"}`)).toBe(1)
  })

  // proves: metric.function
  it.each([
    ['succeeded', false, { invocations: 1, errors: 0, throttles: 0, failed: 0, timed: 1 }],
    ['partial', false, { invocations: 1, errors: 0, throttles: 0, failed: 2, timed: 1 }],
    ['failed', false, { invocations: 1, errors: 1, throttles: 0, failed: 2, timed: 1 }],
    ['notRun', true, { invocations: 0, errors: 0, throttles: 1, failed: 2, timed: 0 }],
    ['notRun', false, { invocations: 0, errors: 0, throttles: 0, failed: 2, timed: 0 }],
    ['cancelled', false, { invocations: 1, errors: 0, throttles: 0, failed: 2, timed: 0 }],
  ] as const)('take an attempt that %s (throttled: %s) as AWS does', async (outcome, throttled, expected) => {
    const metrics = bare()
    const meter = metrics.forMapping(orders)
    const ended = meter.invokeStarted(5)
    expect(await valueOf(metrics, `millrace_in_flight_invocations{${labels}}`)).toBe(1)
    ended({ outcome, throttled, failedRecords: outcome === 'succeeded' ? 0 : 2, tookMs: 20 })
    expect({
      invocations: await valueOf(metrics, `millrace_invocations_total{${labels}}`),
      errors: await valueOf(metrics, `millrace_invocation_errors_total{${labels}}`),
      throttles: await valueOf(metrics, `millrace_invocation_throttles_total{${labels}}`),
      failed: await valueOf(metrics, `millrace_failed_invoke_events_total{${labels}}`),
      timed: (await valueOf(metrics, `millrace_invocation_duration_seconds_count{${labels}}`)) ?? 0,
    }).toEqual(expected)
    expect(await valueOf(metrics, `millrace_in_flight_invocations{${labels}}`)).toBe(0)
  })

  it('measure in seconds', async () => {
    const metrics = bare()
    const meter = metrics.forMapping(orders)
    meter.polled(0, 250)
    meter.invokeStarted(1)(ok)
    meter.iteratorAge(1_500)
    meter.iteratorAge(-20)
    expect(await valueOf(metrics, `millrace_receive_duration_seconds_sum{${labels}}`)).toBe(0.25)
    expect(await valueOf(metrics, `millrace_invocation_duration_seconds_sum{${labels}}`)).toBe(0.02)
    expect(await valueOf(metrics, `millrace_iterator_age_seconds_sum{${labels}}`)).toBe(1.5)
    expect(await valueOf(metrics, `millrace_iterator_age_seconds_count{${labels}}`)).toBe(2)
  })

  it('go on where the same mapping is started again, and apart where it has another function', async () => {
    const metrics = bare()
    metrics.forMapping(orders).polled(1, 1)
    metrics.forMapping({ ...orders }).polled(1, 1)
    metrics.forMapping({ ...orders, function: 'other' }).polled(5, 1)
    expect(await valueOf(metrics, `millrace_polled_events_total{${labels}}`)).toBe(2)
  })
})

describe('a mapping that is forgotten', () => {
  it('leaves no series behind and the others alone', async () => {
    const metrics = bare()
    for (const one of [orders, { ...orders, function: 'other' }, { ...orders, uuid: 'u2' }]) {
      const meter = metrics.forMapping(one)
      meter.polled(1, 1)
      meter.invokeStarted(1)(ok)
      meter.dropped(1, 'retention')
      meter.positionLost('trimmed')
      meter.iteratorAge(1)
    }
    metrics.forget('u1')
    const text = await metrics.scrape()
    expect(text).not.toContain('mapping="u1"')
    expect(text).toContain('millrace_polled_events_total{mapping="u2"')
  })

  it('is not brought back by what was still in flight', async () => {
    const metrics = bare()
    const meter = metrics.forMapping(orders)
    const ended = meter.invokeStarted(1)
    metrics.forget('u1')
    ended(ok)
    meter.invokeStarted(1)
    meter.polled(1, 1)
    meter.dropped(1, 'visibility')
    expect(await metrics.scrape()).not.toContain('mapping="u1"')
  })

  it('begins at zero when it is there again', async () => {
    const metrics = bare()
    metrics.forMapping(orders).polled(9, 1)
    metrics.forget('u1')
    metrics.forget('nobody')
    metrics.forMapping(orders).polled(1, 1)
    expect(await valueOf(metrics, `millrace_polled_events_total{${labels}}`)).toBe(1)
  })
})

it('what is held is read at each scrape, and is gone with its mapping', async () => {
  const metrics = bare()
  let held: MappingReadings[] = [
    { ...orders, enabled: true, heldRecords: 3, heldBytes: 999, behindMs: 1_500, iteratorAgeMs: 250 },
  ]
  metrics.watch(() => held)
  expect(await valueOf(metrics, `millrace_held_records{${labels}}`)).toBe(3)
  expect(await valueOf(metrics, `millrace_held_bytes{${labels}}`)).toBe(999)
  expect(await valueOf(metrics, `millrace_behind_seconds{${labels}}`)).toBe(1.5)
  expect(await valueOf(metrics, `millrace_current_iterator_age_seconds{${labels}}`)).toBe(0.25)
  expect(await valueOf(metrics, `millrace_mapping_enabled{${labels}}`)).toBe(1)
  held = [{ ...orders, enabled: false, heldRecords: 0, heldBytes: 0, behindMs: null, iteratorAgeMs: null }]
  expect(await valueOf(metrics, `millrace_held_records{${labels}}`)).toBe(0)
  expect(await valueOf(metrics, `millrace_behind_seconds{${labels}}`)).toBeUndefined()
  expect(await valueOf(metrics, `millrace_mapping_enabled{${labels}}`)).toBe(0)
  held = []
  expect(await metrics.scrape()).not.toContain('mapping="u1"')
})

it('what is held is read once for all that a scrape tells of it', async () => {
  const metrics = bare()
  let reads = 0
  metrics.watch(() => {
    reads += 1
    return [{ ...orders, enabled: true, heldRecords: 3, heldBytes: 999, behindMs: null, iteratorAgeMs: null }]
  })
  await metrics.scrape()
  expect(reads).toBe(1)
  await metrics.scrape()
  expect(reads).toBe(2)
})

it('the metrics of Node are there unless they are not wanted, each service with its own', async () => {
  const first = createMetrics()
  const second = createMetrics()
  expect(await first.scrape()).toContain('process_cpu_seconds_total')
  expect(await second.scrape()).toContain('nodejs_heap_size_used_bytes')
  expect(await bare().scrape()).not.toContain('process_')
  expect(first.contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
})

describe('the table', () => {
  const all = [
    ...Object.values(counters),
    ...Object.values(histograms),
    ...Object.values(gauges),
    ...Object.values(readings),
  ]

  it('tells the counterpart in CloudWatch beside each metric', () => {
    for (const { help } of all) expect(help).toMatch(/CloudWatch/)
  })

  // proves: metric.counts
  it('names every event count of CloudWatch', () => {
    const told = all.map(({ help }) => help).join(' ')
    const names =
      'PolledEventCount FilteredOutEventCount InvokedEventCount FailedInvokeEventCount DroppedEventCount OnFailureDestinationDeliveredEventCount DeletedEventCount'
    for (const name of names.split(' ')) expect(told).toContain(name)
  })

  it('keeps to the form of names', () => {
    for (const { name } of Object.values(counters)) expect(name).toMatch(/^millrace_[a-z_]+s_total$/)
    for (const { name } of Object.values(histograms)) expect(name).toMatch(/^millrace_[a-z_]+_seconds$/)
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  })
})
