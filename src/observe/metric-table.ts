/**
 * Every metric of Millrace, declared once. Each tells CloudWatch's name for it where AWS has one (behaviour §7); MetricsConfig
 * decides only what a response echoes, all of them are always on.
 */
export const mappingLabels = ['mapping', 'source', 'function'] as const

export interface Declaration {
  readonly name: string
  readonly help: string
  /** One more label beside those of the mapping, with all its values: so that every series is known and can be removed. */
  readonly by?: { readonly label: string; readonly values: readonly string[] }
}

export const counters = {
  polled: {
    name: 'millrace_polled_events_total',
    help: 'Records read from the source. CloudWatch: PolledEventCount.',
  },
  filteredOut: {
    name: 'millrace_filtered_out_events_total',
    help: 'Records that matched no filter. CloudWatch: FilteredOutEventCount.',
  },
  invoked: {
    name: 'millrace_invoked_events_total',
    help: 'Records sent to the function, each attempt anew. CloudWatch: InvokedEventCount.',
  },
  failedInvoke: {
    name: 'millrace_failed_invoke_events_total',
    help: 'Records of attempts that failed, and those a partial batch response named. CloudWatch: FailedInvokeEventCount.',
  },
  dropped: {
    name: 'millrace_dropped_events_total',
    help:
      'Records that end without success and without delivery. CloudWatch: DroppedEventCount is undestined + undeliverable; ' +
      'retention: the source no longer kept them; visibility: receipts ran out, the queue shows the messages again.',
    by: { label: 'reason', values: ['undestined', 'undeliverable', 'retention', 'visibility'] },
  },
  delivered: {
    name: 'millrace_on_failure_destination_delivered_events_total',
    help: 'Records whose batch was delivered to the failure destination. CloudWatch: OnFailureDestinationDeliveredEventCount.',
  },
  deleted: {
    name: 'millrace_deleted_events_total',
    help: 'Messages deleted from the queue. CloudWatch: DeletedEventCount.',
  },
  invocations: {
    name: 'millrace_invocations_total',
    help: 'Attempts that ran the function, throttled ones left out. CloudWatch: Invocations.',
  },
  errors: {
    name: 'millrace_invocation_errors_total',
    help: 'Attempts that ended in a function error or without an answer; partial batch responses are none. CloudWatch: Errors.',
  },
  throttles: {
    name: 'millrace_invocation_throttles_total',
    help: 'Attempts that were throttled. CloudWatch: Throttles.',
  },
  deliveryFailures: {
    name: 'millrace_destination_delivery_failures_total',
    help: 'Failure records that could not be delivered. CloudWatch: DestinationDeliveryFailures.',
  },
  recursionDrops: {
    name: 'millrace_recursive_invocation_drops_total',
    help: 'Batches failed without being sent, because a record went through the function 16 times. CloudWatch: RecursiveInvocationsDropped.',
  },
  positionsLost: {
    name: 'millrace_lost_positions_total',
    help: 'Times that reading went on at the horizon because the position was gone. No counterpart in CloudWatch.',
    by: { label: 'reason', values: ['trimmed', 'recreated'] },
  },
  flowCrashes: {
    name: 'millrace_flow_assertion_failures_total',
    help: 'Flows stopped by a failed assertion and started anew: a bug, please report it. No counterpart in CloudWatch.',
  },
} as const satisfies Readonly<Record<string, Declaration>>

interface HistogramDeclaration {
  readonly name: string
  readonly help: string
  readonly buckets: readonly number[]
}

export const histograms = {
  invocation: {
    name: 'millrace_invocation_duration_seconds',
    help: 'From sending an attempt to its answer. CloudWatch: Duration (there without the way to the function and back).',
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 300],
  },
  receive: {
    name: 'millrace_receive_duration_seconds',
    help: 'From asking the source for records to its answer; a long poll waits up to 20 s. No counterpart in CloudWatch.',
    buckets: [0.005, 0.05, 0.5, 5, 20],
  },
  iteratorAge: {
    name: 'millrace_iterator_age_seconds',
    help: 'Age of the last record of a batch when it was sent. CloudWatch: IteratorAge.',
    buckets: [0.1, 1, 10, 60, 600, 3_600, 86_400],
  },
} as const satisfies Readonly<Record<string, HistogramDeclaration>>

export const gauges = {
  inFlight: {
    name: 'millrace_in_flight_invocations',
    help: 'Attempts that are out. CloudWatch: ConcurrentExecutions.',
  },
} as const satisfies Readonly<Record<string, Declaration>>

/** Read from the mappings at the moment of a scrape, not counted along. */
export const readings = {
  heldRecords: {
    name: 'millrace_held_records',
    help: 'Records that are read and not yet acknowledged, given up or handed back. No counterpart in CloudWatch.',
  },
  heldBytes: {
    name: 'millrace_held_bytes',
    help: 'Bytes of those records, as the function gets them. No counterpart in CloudWatch.',
  },
  behind: {
    name: 'millrace_behind_seconds',
    help: 'Age of the oldest record that is not resolved, or how far the slowest shard is read behind its tip. CloudWatch: OffsetLag comes near.',
  },
  iteratorAgeNow: {
    name: 'millrace_current_iterator_age_seconds',
    help: 'Age of the last record of the batch that is out or waits for its next attempt, 0 without one. CloudWatch: IteratorAge, between attempts too.',
  },
  enabled: {
    name: 'millrace_mapping_enabled',
    help: '1 where the state of the mapping is Enabled, else 0. No counterpart in CloudWatch.',
  },
} as const satisfies Readonly<Record<string, Declaration>>

/** Of the store, and so without the labels of a mapping; none where nothing is kept. */
export const storeReadings = {
  sinceWrite: {
    name: 'millrace_store_since_write_seconds',
    help: 'Since the last write of the store that went well; an idle one is tried every 30 s. More than 60: it cannot be written. No counterpart in CloudWatch.',
  },
  damaged: {
    name: 'millrace_store_damaged_mappings',
    help: 'Mappings that are set aside because the store cannot vouch for them. No counterpart in CloudWatch.',
  },
} as const satisfies Readonly<Record<string, Declaration>>
