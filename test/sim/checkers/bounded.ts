import type { FlowCommand } from '../../../src/core/flow-commands.ts'
import type { Book, Life } from '../book.ts'
import { isStreamLife, lifeOf, pendingOf } from '../book.ts'
import { droppable } from '../book-commands.ts'
import { wasCompleted } from '../book-events.ts'
import type { Checker, Entry } from '../trace.ts'
import { violate } from '../trace.ts'
import { isPastRetention } from './progress.ts'

/** Reads in one second that brought nothing, and attempts in one second at one batch that brought nothing. */
const fruitlessReadsMax = 200
const fruitlessAttemptsMax = 40

/** Promise 7: what is held is capped, and nothing loops without a delay or progress. */
export function bounded(): Checker {
  const due = new Map<number, Set<string>>()
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
      if (entry.command.kind === 'dropped') isDue(entry.command, life, entry.t, due)
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
  let bytes = 0
  let inHand = 0
  for (const one of life.held.values()) {
    // What the function took already only waits for its acknowledgement; what is too old may be among the dropped.
    if (one.phase === 'acked' || one.phase === 'settling' || isPastRetention(life, one)) continue
    held += 1
    bytes += one.record.bytes
    if (one.phase === 'held' || one.phase === 'out') inHand += 1
  }
  const out = pendingOf(life, 'read').reduce((sum, read) => sum + read.recordsMax, 0)
  if (held + out > 0) {
    if (held >= config.heldRecordsMax) violate('bounded', `reads while holding ${String(held)} records`)
    if (bytes >= config.heldBytesMax) violate('bounded', `reads while holding ${String(bytes)} bytes`)
  }
  if (isStreamLife(life) || life.configs > 0) return
  const promised = inHand + out + command.recordsMax
  const most = (config.scaling.flightsMax + 1) * config.batchSize
  if (promised > most) violate('bounded', `would hold ${String(promised)} messages, can use ${String(most)}`)
}

/** Nothing is given up before its time. Counts name nobody, so they are held against all that were due so far. */
function isDue(
  command: Extract<FlowCommand, { kind: 'dropped' }>,
  life: Life,
  t: number,
  due: Map<number, Set<string>>,
): void {
  if (command.count < 1) violate('bounded', 'dropped nothing')
  if (command.reason !== 'visibility' && command.reason !== 'retention') return
  const keys = due.get(life.life) ?? new Set()
  due.set(life.life, keys)
  for (const held of droppable(life, command.reason, t)) keys.add(held.key)
  // A run of the checkpoint that is not recognised comes again, and may be too old by now.
  if (command.reason === 'retention') {
    for (const held of life.shard.items) {
      if (wasCompleted(life, held.fact) && isPastRetention(life, held)) keys.add(held.key)
    }
  }
  const dropped = life.dropped + command.count
  if (dropped > keys.size) {
    violate('bounded', `dropped ${String(dropped)} for ${command.reason}, ${String(keys.size)} were due`)
  }
}
