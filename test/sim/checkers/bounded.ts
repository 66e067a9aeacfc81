import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import { type Book, type Held, type Life, countPending, heldKey, isStreamLife, lifeOf, pendingOf } from '../book.ts'
import { wasCompleted } from '../book-events.ts'
import { type Checker, type Entry, violate } from '../trace.ts'
import { isPastRetention } from './progress.ts'

/** What a record in hand costs at least beside its bytes, and one that is only asked for. */
const heldBytesMin = 400
const askedBytesMin = 600
/** How much further a shard is read while one of its slots has nothing to do. */
const blockedReach = 10

/** Reads in one second that brought nothing, and attempts in one second at one batch that brought nothing. */
const fruitlessReadsMax = 200
const fruitlessAttemptsMax = 40

/** Promise 7: what is held is capped, and nothing loops without a delay or progress. */
export function bounded(): Checker {
  const loops = new Map<string, { second: number; count: number }>()
  const count = (what: string, t: number, most: number): void => {
    const second = Math.floor(t / 1_000)
    const loop = loops.get(what)
    if (loop?.second !== second) return void loops.set(what, { second, count: 1 })
    loop.count += 1
    if (loop.count > most) violate('bounded', `${what}: ${String(loop.count)} times in one second, all in vain`)
  }
  return {
    name: 'bounded',
    see(entry, book) {
      if (entry.kind === 'event') return countVain(entry, book, count)
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      if (entry.command.kind === 'read') hasRoom(entry.command, life)
      if (entry.command.kind === 'dropped') isDue(entry.command, life, entry.t)
    },
  }
}

function countVain(
  entry: Extract<Entry, { kind: 'event' }>,
  book: Book,
  count: (what: string, t: number, most: number) => void,
): void {
  const { event } = entry
  if (event.kind === 'readDone') {
    const fruitful = event.result.kind === 'records' && event.result.records.length > 0
    if (!fruitful) count(`reads of life ${String(entry.life)}`, entry.t, fruitlessReadsMax)
  }
  if (event.kind === 'invoked' && event.outcome.kind !== 'succeeded') {
    const request = book.lives.get(entry.life)?.pending.get(event.id)
    const first = request?.kind === 'invoke' ? (request.records[0]?.fragment ?? 'a final invocation') : ''
    count(`attempts at ${first} of life ${String(entry.life)}`, entry.t, fruitlessAttemptsMax)
  }
}

function hasRoom(command: Extract<FlowCommand, { kind: 'read' }>, life: Life): void {
  const { config } = life
  let held = 0
  let chargedBytes = 0
  let inHand = 0
  for (const one of life.held.values()) {
    // What the function took already only waits for its acknowledgement; what is too old may be among the dropped.
    if (one.phase === 'acked' || one.phase === 'settling' || isPastRetention(life, one)) continue
    held += 1
    if (one.phase !== 'held' && one.phase !== 'out') continue
    inHand += 1
    chargedBytes += heldBytesMin + one.record.bytes
    // The event that is out holds its text once more.
    if (one.phase === 'out') chargedBytes += one.record.bytes
  }
  const out = pendingOf(life, 'read').reduce((sum, read) => sum + read.recordsMax, 0)
  if (held + out > 0) {
    if (held >= recordsMaxOf(life)) violate('bounded', `reads while holding ${String(held)} records`)
  }
  hasMemory(command, life, { chargedBytes, isEmpty: inHand + out === 0 })
  if (isStreamLife(life) || life.configs > 0) return
  // The one message by which a function is tried that may not be there.
  if (life.outage !== null) return
  const promised = inHand + out + command.recordsMax
  const runMs = config.timeoutMs ?? life.longestRunMs
  const visibilityMs = command.visibilityMs ?? config.visibilityMs
  const ahead = runMs !== null && visibilityMs - config.windowMs >= 2 * runMs ? 1 : 0
  if (ahead === 0 && countPending(life, 'permit') > 0)
    violate('bounded', 'receives although a batch waits for its permit, and receipts do not last for both')
  const most = (config.scaling.flightsMax + ahead) * config.batchSize
  if (promised > most) violate('bounded', `would hold ${String(promised)} messages, can use ${String(most)}`)
}

function recordsMaxOf(life: Life): number {
  return life.config.heldRecordsMax * (isStreamLife(life) ? blockedReach : 1)
}

function hasMemory(
  command: Extract<FlowCommand, { kind: 'read' }>,
  { config, env, outage, pending }: Life,
  { chargedBytes, isEmpty }: { readonly chargedBytes: number; readonly isEmpty: boolean },
): void {
  // Whoever has nothing in hand may always read one, and so may the try of an outage.
  if (command.recordsMax === 1 && (isEmpty || outage !== null)) return
  let wantedBytes = chargedBytes + promisedBytes(command.recordsMax, config)
  for (const one of pending.values()) if (one.kind === 'read') wantedBytes += promisedBytes(one.recordsMax, config)
  if (wantedBytes > env.allowedBytes)
    violate('bounded', `would hold ${String(wantedBytes)} bytes of ${String(env.allowedBytes)}`)
}

function promisedBytes(recordsMax: number, { traits }: Life['config']): number {
  return Math.min(traits.readBytesMax, recordsMax * askedBytesMin)
}

/** Nothing is given up before its time. */
function isDue(command: Extract<FlowCommand, { kind: 'dropped' }>, life: Life, t: number): void {
  const { records, reason } = command
  if (records.length === 0) violate('bounded', 'dropped nothing')
  if (reason !== 'visibility' && reason !== 'retention') return
  // Groups of which an earlier message is dropped in the same breath.
  const groups = new Set<string>()
  for (const record of records) {
    const held = life.held.get(heldKey(record)) ?? completedOf(life, record)
    if (held === undefined || (held.phase !== 'held' && held.phase !== 'done'))
      return violate('bounded', `dropped ${record.fragment}, which is ${held?.phase ?? 'not in hand'}`)
    const isRight = reason === 'retention' ? isPastRetention(life, held) : isLost(life, held, t, groups)
    if (!isRight) violate('bounded', `dropped ${record.fragment} for ${reason}, which was not due`)
    if (life.config.traits.ordered === 'group') groups.add(record.orderKey)
  }
}

/** A run of the checkpoint that is not recognised comes again, and may be too old by now. */
function completedOf(life: Life, record: FlowRecord): Held | undefined {
  return life.shard.items.find((held) => held.record.fragment === record.fragment && wasCompleted(life, held.fact))
}

/** A throttled batch whose receipts end before its next try may be let go at once. */
const pauseMsMax = 15_000

function isLost(life: Life, held: Held, t: number, groups: ReadonlySet<string>): boolean {
  if (held.expiresMs <= t || groups.has(held.record.orderKey)) return true
  if (held.notRuns > 0 && held.expiresMs <= t + pauseMsMax) return true
  return life.config.traits.ordered === 'group' && isBehindEnded(life, held)
}

/** An earlier message of its group has just ended unacknowledged. */
function isBehindEnded(life: Life, held: Held): boolean {
  for (const other of life.keys.get(held.record.orderKey)?.items ?? []) {
    if (other === held) return false
    if ((other.phase === 'left' || other.phase === 'acked') && other.leftMs === life.env.monoMs) return true
  }
  return false
}
