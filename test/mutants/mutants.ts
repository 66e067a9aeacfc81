/** One planted bug: the text must occur exactly once in the file. */
export interface Mutant {
  readonly file: string
  readonly bug: string
  readonly find: string
  readonly replace: string
}

export const mutants: readonly Mutant[] = [
  // ---- Queues
  {
    file: 'queue-reader.ts',
    bug: 'a queue holds one batch more than it can use',
    find: 'state.flights.size + queue.ready.length + coming <= flights + 1',
    replace: 'state.flights.size + queue.ready.length + coming <= flights + 2',
  },
  {
    file: 'queue-reader.ts',
    bug: 'receipts are used almost to their very end',
    find: 'Math.min(5_000, visibilityMs / 5)',
    replace: 'Math.min(5_000, visibilityMs / 50)',
  },
  {
    file: 'queue-reader.ts',
    bug: 'a batch passes an earlier one of its group that waits',
    find: 'for (const one of batch) blocked.add(one.record.orderKey)',
    replace: '',
  },
  {
    file: 'queue-reader.ts',
    bug: 'a batch starts although one of its groups is busy',
    find: 'batch.every((one) => !blocked.has(one.record.orderKey))',
    replace: 'batch.some((one) => !blocked.has(one.record.orderKey))',
  },
  {
    file: 'queue-reader.ts',
    bug: 'messages that arrive during a drain are kept',
    find: "if (state.phase !== 'running') return release(turn, queue, held)",
    replace: "if (state.phase !== 'running') return",
  },
  {
    file: 'queue-reader.ts',
    bug: 'the batching window is twice as long',
    find: 'first.readMs + config.windowMs',
    replace: 'first.readMs + config.windowMs * 2',
  },
  {
    file: 'queue-ledger.ts',
    bug: 'held messages overtake the failed one of their group',
    find: "if (turn.config.traits.ordered !== 'group') return\n  const groups",
    replace: "if (turn.config.traits.ordered !== 'shard') return\n  const groups",
  },
  {
    file: 'queue-ledger.ts',
    bug: 'a refused acknowledgement counts as done',
    find: 'if (!refused.has(index)) return end(turn, queue, held)',
    replace: 'return end(turn, queue, held)',
  },
  {
    file: 'queue-ledger.ts',
    bug: 'dropped messages are counted twice',
    find: "[...queue.ready.flat(), ...queue.gathering].filter((one) => one.stage !== 'done')",
    replace: '[...queue.ready.flat(), ...queue.gathering]',
  },
  {
    file: 'queue-attempt.ts',
    bug: 'a partial response acknowledges what failed',
    find: 'unit.held.filter((_, index) => !failed.has(index))',
    replace: 'unit.held.filter((_, index) => failed.has(index))',
  },
  {
    file: 'queue-attempt.ts',
    bug: 'a failed batch is acknowledged',
    find: "tellFailure(turn, unit, outcome, { kind: 'visibility' })\n      return endUnsettled(turn, queue, unit.held)",
    replace:
      "tellFailure(turn, unit, outcome, { kind: 'visibility' })\n      return settle(turn, unit.held, 'succeeded')",
  },
  {
    file: 'queue-attempt.ts',
    bug: 'receipts are not looked at again once the permit is there',
    find: 'const unit = prepare(turn, queue, flight)\n  if (!unit)',
    replace: 'const unit = currentUnit(flight)\n  if (!unit)',
  },
  {
    file: 'queue-attempt.ts',
    bug: 'a permit that is no longer needed is kept',
    find: "turn.commands.push({ kind: 'giveBack', permit })",
    replace: '',
  },
  {
    file: 'queue-attempt.ts',
    bug: 'a throttled batch is tried again at once',
    find: 'waitUntil(flight, env.monoMs + inMs)',
    replace: 'waitUntil(flight, env.monoMs)',
  },
  {
    file: 'queue-attempt.ts',
    bug: 'message groups are not locked',
    find: '  lockGroups(turn, queue, held)\n',
    replace: '',
  },
  {
    file: 'queue-flow.ts',
    bug: 'a queue forgets to wake up for a batch that waits',
    find: "if (flight.phase === 'waiting') moments.push(flight.dueMs)",
    replace: '',
  },
  {
    file: 'scale.ts',
    bug: 'the ceiling of concurrent batches is ignored',
    find: 'Math.min(curve(scale, scaling, nowMs), scale.penaltyMax, scaling.flightsMax)',
    replace: 'Math.min(curve(scale, scaling, nowMs), scale.penaltyMax)',
  },
  // ---- Both
  {
    file: 'flow.ts',
    bug: 'a permit that nobody wants any more is kept',
    find: "if (flight === undefined || state.phase !== 'running') {\n    turn.commands.push({ kind: 'giveBack', permit })",
    replace: "if (flight === undefined || state.phase !== 'running') {",
  },
  {
    file: 'queue-flow.ts',
    bug: 'a queue goes on receiving while it drains',
    find: "  if (turn.state.phase !== 'running') return\n",
    replace: '',
  },
  {
    file: 'flow.ts',
    bug: 'a throttled receive is repeated by name',
    find: "if (result.kind === 'failed') state.queue.lostReads.push",
    replace: "if (result.kind !== 'recreated') state.queue.lostReads.push",
  },
  {
    file: 'pace.ts',
    bug: 'a failed read is tried again at once',
    find: 'pace.nextMs = env.monoMs + retryMs',
    replace: 'pace.nextMs = env.monoMs',
  },
  {
    file: 'gather.ts',
    bug: 'a batch is one record too long',
    find: 'index < records.length && count < limits.records',
    replace: 'index < records.length && count <= limits.records',
  },
  {
    file: 'gather.ts',
    bug: 'the commas of an event weigh nothing',
    find: 'bytes += (records[index]?.record.bytes ?? 0) + commaBytes',
    replace: 'bytes += records[index]?.record.bytes ?? 0',
  },
  // ---- Shards
  {
    file: 'retry-plan.ts',
    bug: 'one retry too few',
    find: 'attempts <= limits.retryAttemptsMax',
    replace: 'attempts < limits.retryAttemptsMax',
  },
  {
    file: 'retry-plan.ts',
    bug: 'pairs are not split',
    find: 'limits.bisect && unit.count > 1',
    replace: 'limits.bisect && unit.count > 2',
  },
  {
    file: 'retry-plan.ts',
    bug: 'the larger half comes first',
    find: 'Math.floor(unit.count / 2)',
    replace: 'Math.ceil(unit.count / 2)',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'a partial response takes the first failed record for done',
    find: 'flight.units.push(createUnit(turn, unit.held.slice(plan.done)))',
    replace: 'flight.units.push(createUnit(turn, unit.held.slice(plan.done + 1)))',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'the second half of a split comes first',
    find: 'flight.units.push(createUnit(turn, unit.held.slice(plan.first)), createUnit(turn, unit.held.slice(0, plan.first)))',
    replace:
      'flight.units.push(createUnit(turn, unit.held.slice(0, plan.first)), createUnit(turn, unit.held.slice(plan.first)))',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'the failure record counts one attempt too few',
    find: 'attempts: Math.max(1, unit.attempts)',
    replace: 'attempts: Math.max(1, unit.attempts - 1)',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'a throttle spends a retry',
    find: "if (outcome.kind === 'notRun') flight.notRunStreak += 1\n  else {",
    replace: "if (outcome.kind === 'notRun') unit.attempts += 1\n  else {",
  },
  {
    file: 'shard-attempt.ts',
    bug: 'a window gets its final invocation again and again',
    find: 'if (unit.final) endWindow(shard)',
    replace: '',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'records past their age are invoked',
    find: 'turn.env.sourceMs - held.record.arrivedMs > limitMs',
    replace: 'turn.env.sourceMs - held.record.arrivedMs > limitMs + 1_000',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'a slot is free while its discard is still out',
    find: 'if (flight.units.length > 0 || flight.discards > 0) return',
    replace: 'if (flight.units.length > 0) return',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'the state that came with a partial response is lost',
    find: "if (outcome.kind === 'partial' && plan.kind === 'advance') keepState(shard, outcome.state)",
    replace: '',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'a failed batch is tried again at once',
    find: "if (next.kind === 'retry') waitUntil(flight, turn.env.monoMs + next.inMs)\n  else tryUnit",
    replace: "if (next.kind === 'retry') waitUntil(flight, turn.env.monoMs)\n  else tryUnit",
  },
  {
    file: 'shard-flow.ts',
    bug: 'halves of a bisected batch outlive the old batch size',
    find: "if (flight.phase === 'invoking') flight.dissolving = true",
    replace: "if (flight.phase === 'invoking') continue",
  },
  {
    file: 'shard-flow.ts',
    bug: 'a shard forgets to wake up for a batch that waits',
    find: "if (flight.phase === 'waiting') moments.push(flight.dueMs)",
    replace: '',
  },
  {
    file: 'shard-flow.ts',
    bug: 'a batch mixes two tumbling windows',
    find: 'return later < 0 ? fitting : Math.min(fitting, later)',
    replace: 'return fitting',
  },
  {
    file: 'shard-ledger.ts',
    bug: 'the watermark passes unresolved records',
    find: "if (one.stage !== 'done') break\n    passed += 1",
    replace: 'passed += 1',
  },
  {
    file: 'shard-ledger.ts',
    bug: 'a completed range spans an unresolved record',
    find: "if (one.stage !== 'done') run = null",
    replace: "if (one.stage !== 'done') continue",
  },
  {
    file: 'shard-ledger.ts',
    bug: 'positions of the last life of a stream are written for this one',
    find: 'if (one.life !== shard.life) continue\n    shard.watermark',
    replace: 'shard.watermark',
  },
  {
    file: 'shard-ledger.ts',
    bug: 'a shard counts as done while a record is unresolved',
    find: 'const done = shard.atEnd && isEmpty(shard)',
    replace: 'const done = shard.atEnd',
  },
  {
    file: 'shard-ledger.ts',
    bug: 'an undeliverable record counts as delivered',
    find: "if (fate === 'delivered') resolve",
    replace: "if (fate !== 'undestined') resolve",
  },
  {
    file: 'shard-ledger.ts',
    bug: 'two checkpoints race each other',
    find: "for (const pending of turn.state.pending.values()) if (pending.kind === 'checkpoint') return\n",
    replace: '',
  },
  {
    file: 'shard-reader.ts',
    bug: 'the completed ranges of the checkpoint are ignored',
    find: 'if (isKnown || isTooEarly || !record.matched) letGo',
    replace: 'if (isTooEarly || !record.matched) letGo',
  },
  {
    file: 'shard-reader.ts',
    bug: 'a record that does not match is invoked',
    find: 'if (isKnown || isTooEarly || !record.matched) letGo',
    replace: 'if (isKnown || isTooEarly) letGo',
  },
  {
    file: 'shard-reader.ts',
    bug: 'the records of a key change their slot',
    find: 'return shard.slots[record.orderHash % shard.slots.length]',
    replace: 'return shard.slots[(record.orderHash + record.bytes) % shard.slots.length]',
  },
  {
    file: 'shard-reader.ts',
    bug: 'the cap on held bytes is ignored',
    find: 'if (state.pressure || state.heldBytes >= config.heldBytesMax) return 0',
    replace: 'if (state.pressure) return 0',
  },
  {
    file: 'shard-reader.ts',
    bug: 'a run that was trimmed in part swallows what comes after it',
    find: 'shard.skips = []\n  shard.skippingTo = null\n  shard.cursor',
    replace: 'shard.cursor',
  },
  {
    file: 'shard-window.ts',
    bug: 'the first record of the next window joins this one',
    find: 'return held.record.arrivedMs < window.endMs',
    replace: 'return held.record.arrivedMs <= window.endMs',
  },
  {
    file: 'shard-window.ts',
    bug: 'a window that ended early goes on with its old state',
    find: '    window.state = emptyState\n    window.stateBytes = emptyState.length\n',
    replace: '',
  },
  {
    file: 'shard-window.ts',
    bug: 'a state over 1 MB goes on',
    find: "if (window.phase === 'open' && state.bytes > windowStateBytesMax) window.phase = 'terminating'",
    replace: '',
  },
  {
    file: 'shard-window.ts',
    bug: 'a window outlives a change of its length',
    find: 'window.endMs - window.startMs !== turn.config.tumblingMs || isOver',
    replace: 'isOver',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'the final invocation of an idle window is given up untried',
    find: 'return config.recordAgeMsMax !== null && env.monoMs - unit.sinceMs > config.recordAgeMsMax',
    replace: 'return config.recordAgeMsMax !== null && env.monoMs - unit.sinceMs >= 0',
  },
  {
    file: 'shard-attempt.ts',
    bug: 'a batch is sent beside a state that leaves no room for it',
    find: 'if (count === held.length) return unit',
    replace: 'if (count <= held.length) return unit',
  },
  {
    file: 'shard-reader.ts',
    bug: 'a window stays open when the stream lives anew',
    find: "if (shard.window?.phase === 'open') shard.window.phase = 'closing'",
    replace: '',
  },
  {
    file: 'shard-reader.ts',
    bug: 'an old look at the tip closes a window',
    find: 'shard.tipSeenMs = page.tip ? env.sourceMs : null',
    replace: 'if (page.tip) shard.tipSeenMs = env.sourceMs',
  },
  {
    file: 'shard-reader.ts',
    bug: 'a source that keeps more than it says is taken for one that lost records',
    find: 'shard.readUpToMs < horizonMs && first.arrivedMs >= horizonMs',
    replace: 'shard.readUpToMs < horizonMs',
  },
  {
    file: 'shard-flow.ts',
    bug: 'a window waits for a later record to send off what it gathered',
    find: 'return env.sourceMs >= edgeMs || slot.queue.some(',
    replace: 'return slot.queue.some(',
  },
  {
    file: 'shard-flow.ts',
    bug: 'nobody wakes up at the edge of a tumbling window',
    find: '[dueMs(turn, first), monoOf(turn, windowEndMs(first.record.arrivedMs, tumblingMs))]',
    replace: '[dueMs(turn, first)]',
  },
  {
    file: 'shard-window.ts',
    bug: 'the state of a window weighs nothing',
    find: '- windowEnvelopeBytes - shard.window.stateBytes',
    replace: '- windowEnvelopeBytes',
  },
]
