import { assertionMutants } from './assertion-mutants.ts'
import { queueMutants } from './queue-mutants.ts'

/** One planted bug. Its place is found by syntax (`planting.ts`): a move or another layout makes no difference to it. */
export interface Mutant {
  /** The function or constant of `src/core` that it is in. */
  readonly in: string
  readonly bug: string
  /** What is replaced: a sequence of tokens that the declaration has once. */
  readonly find: string
  readonly replace: string
  /** What the machine itself is to say of it. Absent: whoever notices it will do. */
  readonly assertion?: string
}

export const mutants: readonly Mutant[] = [
  ...assertionMutants,
  ...queueMutants,
  // ---- Both
  {
    in: 'onPermitted',
    bug: 'a permit that nobody wants any more is kept',
    find: "if (flight === null) turn.commands.push({ kind: 'giveBack', permit })\n  else",
    replace: 'if (flight !== null)',
  },
  {
    in: 'pump',
    bug: 'a queue goes on receiving while it drains',
    find: "  if (turn.state.phase !== 'running') return pumpDraining(turn, queue)\n",
    replace: '',
  },
  {
    in: 'onUnreceived',
    bug: 'a throttled receive is repeated by name',
    find: "if (result.kind === 'failed')",
    replace: "if (result.kind !== 'recreated')",
  },
  {
    in: 'paceAfterTrouble',
    bug: 'a failed read is tried again at once',
    find: 'pace.nextMs = env.monoMs + retryMs',
    replace: 'pace.nextMs = env.monoMs',
  },
  {
    in: 'batchLength',
    bug: 'a batch is one record too long',
    find: 'index < records.length && count < limits.records',
    replace: 'index < records.length && count <= limits.records',
  },
  {
    in: 'batchLength',
    bug: 'the commas of an event weigh nothing',
    find: 'bytes += (records[index]?.record.bytes ?? 0) + commaBytes',
    replace: 'bytes += records[index]?.record.bytes ?? 0',
  },
  // ---- Shards
  {
    in: 'exhausted',
    bug: 'one retry too few',
    find: 'attempts <= limits.retryAttemptsMax',
    replace: 'attempts < limits.retryAttemptsMax',
  },
  {
    in: 'afterFailure',
    bug: 'pairs are not split',
    find: 'limits.bisect && unit.count > 1',
    replace: 'limits.bisect && unit.count > 2',
  },
  {
    in: 'afterFailure',
    bug: 'the larger half comes first',
    find: 'Math.floor(unit.count / 2)',
    replace: 'Math.ceil(unit.count / 2)',
  },
  {
    in: 'applyPlan',
    bug: 'a partial response takes the first failed record for done',
    find: 'flight.units.push(createUnit(turn, unit.held.slice(plan.done)))',
    replace: 'flight.units.push(createUnit(turn, unit.held.slice(plan.done + 1)))',
  },
  {
    in: 'applyPlan',
    bug: 'the second half of a split comes first',
    find: 'flight.units.push(createUnit(turn, unit.held.slice(plan.first)), createUnit(turn, unit.held.slice(0, plan.first)))',
    replace:
      'flight.units.push(createUnit(turn, unit.held.slice(0, plan.first)), createUnit(turn, unit.held.slice(plan.first)))',
  },
  {
    in: 'discard',
    bug: 'the failure record counts one attempt too few',
    find: 'attempts: Math.max(1, unit.attempts)',
    replace: 'attempts: Math.max(1, unit.attempts - 1)',
  },
  {
    in: 'onShardInvoked',
    bug: 'a throttle spends a retry',
    find: "if (outcome.kind === 'notRun') flight.notRunStreak += 1\n  else {",
    replace: "if (outcome.kind === 'notRun') unit.attempts += 1\n  else {",
  },
  {
    in: 'applyPlan',
    bug: 'a window gets its final invocation again and again',
    find: 'if (unit.final) endWindow(shard)',
    replace: '',
  },
  {
    in: 'isOlder',
    bug: 'records past their age are invoked',
    find: 'turn.env.sourceMs - held.record.arrivedMs > limitMs',
    replace: 'turn.env.sourceMs - held.record.arrivedMs > limitMs + 1_000',
  },
  {
    in: 'land',
    bug: 'a slot is free while its discard is still out',
    find: 'if (flight.units.length > 0 || flight.discards > 0) return',
    replace: 'if (flight.units.length > 0) return',
  },
  {
    in: 'onShardInvoked',
    bug: 'the state that came with a partial response is lost',
    find: "if (outcome.kind === 'partial' && plan.kind === 'advance') keepState(shard, outcome.state)",
    replace: '',
  },
  {
    in: 'goOn',
    bug: 'a failed batch is tried again at once',
    find: 'pause(turn, flight, next.inMs)',
    replace: 'pause(turn, flight, 0)',
  },
  {
    in: 'reconfigure',
    bug: 'halves of a bisected batch outlive the old batch size',
    find: "if (flight.phase === 'invoking') flight.dissolving = true\n    else dissolveShardFlight(turn, shard, flight)",
    replace: "if (flight.phase !== 'invoking') dissolveShardFlight(turn, shard, flight)",
  },
  {
    in: 'moments',
    bug: 'a shard forgets to wake up for a batch that waits',
    find: "for (const flight of state.flights.values()) if (flight.phase === 'waiting') due.push(flight.dueMs)\n  for (const slot",
    replace: 'for (const slot',
  },
  {
    in: 'nextLength',
    bug: 'a batch mixes two tumbling windows',
    find: ' || (window !== null && !belongsTo(window, one))',
    replace: '',
  },
  {
    in: 'advanceWatermark',
    bug: 'the watermark passes unresolved records',
    find: "if (one.stage !== 'done') break\n    passed += 1",
    replace: 'passed += 1',
  },
  {
    in: 'completedRanges',
    bug: 'a completed range spans an unresolved record',
    find: 'run = null\n      continue',
    replace: 'continue',
  },
  {
    in: 'advanceWatermark',
    bug: 'positions of the last life of a stream are written for this one',
    find: 'if (one.life !== shard.life) continue\n    shard.watermark',
    replace: 'shard.watermark',
  },
  {
    in: 'writeCheckpoint',
    bug: 'a shard counts as done while a record is unresolved',
    find: 'const done = shard.atEnd && isEmpty(shard)',
    replace: 'const done = shard.atEnd',
  },
  {
    in: 'onDiscarded',
    bug: 'an undeliverable record counts as delivered',
    find: "if (fate === 'delivered') resolve",
    replace: "if (fate !== 'undestined') resolve",
  },
  {
    in: 'writeCheckpoint',
    bug: 'two checkpoints race each other',
    find: "if (isPending(turn.state, 'checkpoint')) return",
    replace: '',
  },
  {
    in: 'take',
    bug: 'the completed ranges of the checkpoint are ignored',
    find: 'if (isKnown || isTooEarly(turn, shard, record) || !record.matched) finish',
    replace: 'if (isTooEarly(turn, shard, record) || !record.matched) finish',
  },
  {
    in: 'take',
    bug: 'a record that does not match is invoked',
    find: 'if (isKnown || isTooEarly(turn, shard, record) || !record.matched) finish',
    replace: 'if (isKnown || isTooEarly(turn, shard, record)) finish',
  },
  {
    in: 'enslot',
    bug: 'the records of a key change their slot',
    find: 'held.record.orderHash % shard.slots.length',
    replace: '(held.record.orderHash + held.record.bytes) % shard.slots.length',
  },
  {
    in: 'recordsInRoom',
    bug: 'what is in hand takes no room',
    find: 'env.allowedBytes - chargedBytes(state)',
    replace: 'env.allowedBytes',
  },
  {
    in: 'bytesOf',
    bug: 'what a read may bring takes no room',
    find: "pending.kind === 'read' || pending.kind === 'invoke' ? pending.bytes : 0",
    replace: "pending.kind === 'invoke' ? pending.bytes : 0",
  },
  {
    in: 'eventBytes',
    bug: 'the event of an attempt takes no room',
    find: 'return held.reduce((sum, { record }) => sum + record.bytes, 0)',
    replace: 'return 0 * held.length',
  },
  {
    in: 'isPressed',
    bug: 'whoever holds anything is pressed',
    find: ' && chargedBytes(state) >= env.allowedBytes',
    replace: '',
  },
  {
    in: 'recordsInRoom',
    bug: 'a flow that is short of room waits for ever',
    find: 'state.missingBytes = weightOf(state) * Math.min(recordsMax, wokenForRecords)',
    replace: '',
  },
  {
    in: 'finish',
    bug: 'what is resolved behind a blocked record is not counted',
    find: 'shard.resolvedBytes += heldBytesOf(held)',
    replace: 'shard.resolvedBytes += 0',
  },
  {
    in: 'joined',
    bug: 'what is resolved behind a blocked record keeps its payload',
    find: 'entries.push({ ...runOf(one) })',
    replace: 'entries.push(one)',
  },
  {
    in: 'joined',
    bug: 'a run of resolved records forgets its end',
    find: 'before.last = last\n      before.arrivedMs',
    replace: 'before.arrivedMs',
  },
  {
    in: 'heldRecordsMax',
    bug: 'a blocked slot soon stops the others',
    find: 'isAnySlotIdle(shard) ? config.heldRecordsMax * blockedReach : config.heldRecordsMax',
    replace: 'config.heldRecordsMax',
  },
  {
    in: 'losePosition',
    bug: 'a run that was trimmed in part swallows what comes after it',
    find: 'shard.skips = []\n  shard.skippingTo = null\n  shard.sinceStart',
    replace: 'shard.sinceStart',
  },
  {
    in: 'belongsTo',
    bug: 'the first record of the next window joins this one',
    find: 'return held.record.arrivedMs < window.endMs',
    replace: 'return held.record.arrivedMs <= window.endMs',
  },
  {
    in: 'endWindow',
    bug: 'a window that ended early goes on with its old state',
    find: '    window.state = emptyState\n    window.stateBytes = emptyState.length\n',
    replace: '',
  },
  {
    in: 'keepState',
    bug: 'a state over 1 MB goes on',
    find: "if (state.bytes > windowStateBytesMax) window.phase = 'terminating'",
    replace: '',
  },
  {
    in: 'keepState',
    bug: 'a state over 1 MB goes on in a window that is being closed',
    find: "if (state.bytes > windowStateBytesMax) window.phase = 'terminating'",
    replace: "if (window.phase === 'open' && state.bytes > windowStateBytesMax) window.phase = 'terminating'",
  },
  {
    in: 'nextLength',
    bug: 'a batch leads from one life of a stream into the next',
    find: 'one.life !== fitting[0]?.life || ',
    replace: '',
  },
  {
    in: 'end',
    bug: 'a shard that ends while it drains says both',
    find: "commands.push({ kind: isFinished ? 'finished' : 'drained' })",
    replace:
      "if (isFinished) commands.push({ kind: 'finished' })\n  if (state.drainReason !== null) commands.push({ kind: 'drained' })",
  },
  {
    in: 'startMoments',
    bug: 'a flow that rests names a moment that is over',
    find: "  if (!isListed(discovery) || isPending(state, 'attach')) return []\n",
    replace: '',
  },
  {
    in: 'closeWhenDue',
    bug: 'a window outlives a change of its length',
    find: 'window.endMs - window.startMs !== turn.config.tumblingMs || isOver',
    replace: 'isOver',
  },
  {
    in: 'isFinalAged',
    bug: 'the final invocation of an idle window is given up untried',
    find: 'return config.recordAgeMsMax !== null && env.monoMs - unit.sinceMs > config.recordAgeMsMax',
    replace: 'return config.recordAgeMsMax !== null && env.monoMs - unit.sinceMs >= 0',
  },
  {
    in: 'cutToFit',
    bug: 'a batch is sent beside a state that leaves no room for it',
    find: 'if (count === held.length) return unit',
    replace: 'if (count <= held.length) return unit',
  },
  {
    in: 'beginLife',
    bug: 'a window stays open when the stream lives anew',
    find: "if (shard.window?.phase === 'open') shard.window.phase = 'closing'",
    replace: '',
  },
  {
    in: 'onPage',
    bug: 'an old look at the tip closes a window',
    find: 'shard.tipSeenMs = page.tip ? env.sourceMs : null',
    replace: 'if (page.tip) shard.tipSeenMs = env.sourceMs',
  },
  {
    in: 'noteOvertaken',
    bug: 'a source that keeps more than it says is taken for one that lost records',
    find: 'shard.readUpToMs < horizonMs && first.arrivedMs >= horizonMs',
    replace: 'shard.readUpToMs < horizonMs',
  },
  {
    in: 'isDue',
    bug: 'a window waits for a later record to send off what it gathered',
    find: 'return env.sourceMs >= edgeMs || slot.queue.some(',
    replace: 'return slot.queue.some(',
  },
  {
    in: 'slotMoments',
    bug: 'nobody wakes up at the edge of a tumbling window',
    find: 'if (tumblingMs > 0) moments.push(',
    replace: 'if (tumblingMs < 0) moments.push(',
  },
  {
    in: 'recordBytesMax',
    bug: 'the state of a window weighs nothing',
    find: '- windowEnvelopeBytes - shard.window.stateBytes',
    replace: '- windowEnvelopeBytes',
  },
  {
    in: 'run',
    bug: 'what was read of a shard that is gone is dropped',
    find: 'if (shard.gone && isEmpty(shard))',
    replace: 'if (shard.gone)',
  },
  {
    in: 'isEmpty',
    bug: 'a shard counts as done although its window is open',
    find: 'shard.entries.length === 0 && shard.window === null &&',
    replace: 'shard.entries.length === 0 &&',
  },
  {
    in: 'recordsInRoom',
    bug: 'a process under pressure reads nothing any more',
    find: 'if (state.heldRecords === 0 && state.requestedBytes === 0) return 1',
    replace: '',
  },
  {
    in: 'paceAfterPage',
    bug: 'a shard that is behind is read more often than AWS allows',
    find: 'Math.max(config.readIntervalMs, tipPauseMs',
    replace: 'Math.max(0, tipPauseMs',
  },
  {
    in: 'noteHidden',
    bug: 'a message that was let go is shown as gone for good',
    find: 'if (untilMs > env.monoMs) hidden.set(',
    replace: 'if (untilMs < env.monoMs) hidden.set(',
  },
  {
    in: 'onReceived',
    bug: 'a message that came again is still shown as hidden',
    find: 'for (const { id } of result.records) queue.hidden.delete(id)',
    replace: '',
  },
  {
    in: 'hiddenGroups',
    bug: 'a group is said to be free when the first of its visibilities ends',
    find: 'Math.max(...hidden.map(({ untilMs }) => untilMs))',
    replace: 'Math.min(...hidden.map(({ untilMs }) => untilMs))',
  },
  {
    in: 'behindOf',
    bug: 'what waits in the slot of a blocked batch is not counted',
    find: "return later + (part.kind === 'shard'",
    replace: "return later + 0 * (part.kind === 'shard'",
  },
  {
    in: 'noteLook',
    bug: 'a missing function is told as a missing source',
    find: "result.kind !== 'found' && result.kind !== 'functionMissing'",
    replace: "result.kind !== 'found'",
  },
  {
    in: 'idlePauseMs',
    bug: 'a quiet shard is looked at as often as a busy one',
    find: 'Math.min(stage.pauseMs, idleMs)',
    replace: '0',
  },
  {
    in: 'paceAfterPage',
    bug: 'a record does not bring the pace of a quiet shard back',
    find: 'if (page.count > 0 || pace.recordMs === null)',
    replace: 'if (pace.recordMs === null)',
  },
  {
    in: 'tipPauseMs',
    bug: 'a caught-up shard is read again at once after each record',
    find: 'if (page.tip) return Math',
    replace: 'if (page.tip && page.count === 0) return Math',
  },
  {
    in: 'tipPauseMs',
    bug: 'empty pages that are behind slow a shard down as if it had caught up',
    find: '? slowedReadMs : 0',
    replace: '? pauseMs(pace.empties - emptiesAtFullSpeed, config) : 0',
  },
  {
    in: 'slotMoments',
    bug: 'nobody wakes up when a gathered record is too old',
    find: 'if (recordAgeMsMax !== null) moments.push(',
    replace: 'if (recordAgeMsMax === -1) moments.push(',
  },
  {
    in: 'agedLength',
    bug: 'a record that is too old waits for its batching window',
    find: '!isOlder(turn, first, recordAgeMsMax)) return 0',
    replace: '!isOlder(turn, first, recordAgeMsMax) || turn.config.windowMs > 0) return 0',
  },
  {
    in: 'inspectArrivals',
    bug: 'a blocked shard is as far behind as the record it read last',
    find: "shard.entries.find((one): one is Held => one.stage !== 'done')",
    replace: "shard.entries.findLast((one): one is Held => one.stage !== 'done')",
  },
  {
    in: 'inspectArrivals',
    bug: 'of several batches the youngest tells the iterator age',
    find: 'Math.min(batchMs ?? lastMs, lastMs)',
    replace: 'Math.max(batchMs ?? lastMs, lastMs)',
  },
  {
    in: 'retryShare',
    bug: 'the pauses between attempts scatter over their whole length',
    find: 'least: 0.45, most: 0.65',
    replace: 'least: 0.1, most: 1',
  },
  {
    in: 'listingsUntilAbsent',
    bug: 'a shard is gone after one listing that lacks it',
    find: 'const listingsUntilAbsent = 2',
    replace: 'const listingsUntilAbsent = 1',
  },
  {
    in: 'lifeToRead',
    bug: 'older streams are passed over',
    find: 'if (looks >= looksUntilLeft) continue',
    replace: 'if (looks >= 0) continue',
  },
  {
    in: 'looksUntilLeft',
    bug: 'an older stream is left although the child of its last shard may only be listed late',
    find: 'const looksUntilLeft = 2',
    replace: 'const looksUntilLeft = 1',
  },
  {
    in: 'hasNothingLeft',
    bug: 'an older stream is left while one of its flows still holds something',
    find: 'if (flow.incarnation === life.incarnation) return false',
    replace: '',
  },
  {
    in: 'isUnclear',
    bug: 'nobody looks soon for what comes after an older stream',
    find: 'if ((discovery.spent.get(listing.incarnation) ?? 0) > 0) return true',
    replace: '',
  },
  {
    in: 'startFlows',
    bug: 'a stream is read before the store knows which one it is',
    find: " || isPending(state, 'attach')) return",
    replace: ') return',
  },
  {
    in: 'open',
    bug: 'a stream that was read to its end is told as lost',
    find: 'if (!checkpoint.done)',
    replace: 'if (checkpoint.incarnation !== opened.incarnation)',
  },
  {
    in: 'onPage',
    bug: 'what comes behind the end that was held is skipped by its stamp',
    find: "if (shard.cursor.at === 'latest') shard.sinceStart = page.held === true",
    replace: '',
  },
  {
    in: 'onPage',
    bug: 'the whole history is read where a held end was lost before the first record',
    find: "if (shard.cursor.at === 'latest') shard.sinceStart = page.held === true",
    replace: 'if (page.held === true) shard.sinceStart = true',
  },
  {
    in: 'isTooEarly',
    bug: 'a stamp of a whole minute is taken to the letter',
    find: 'arrivedMs % minuteMs === 0 ? arrivedMs + minuteMs - 1 : arrivedMs',
    replace: 'arrivedMs',
  },
  {
    in: 'losePosition',
    bug: 'nothing is skipped at the horizon although the position was lost',
    find: 'shard.sinceStart = false',
    replace: '',
  },
]
