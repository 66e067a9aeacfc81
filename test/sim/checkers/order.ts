import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import {
  type Book,
  type Fact,
  type Held,
  type Life,
  type Line,
  heldKey,
  isOver,
  isStreamLife,
  lifeOf,
  trimLine,
} from '../book.ts'
import { type Checker, shown, violate } from '../trace.ts'

interface Group {
  readonly items: Fact[]
  first: number
}

type Invoke = Extract<FlowCommand, { kind: 'invoke' }>

/** Promise 2: order per shard, per key under ParallelizationFactor, per message group; no overtaking by retries. */
export function order(): Checker {
  const groups = new Map<string, Group>()
  let entered = 0
  return {
    name: 'order',
    see(entry, book) {
      for (; entered < book.inOrder.length; entered++) enter(groups, book.inOrder[entered])
      if (entry.kind !== 'command' || entry.command.kind !== 'invoke') return
      const life = lifeOf(book, entry.life)
      if (isStreamLife(life)) return inShardOrder(entry.command, life)
      if (life.config.traits.ordered === 'group') inGroupOrder(entry.command, book, groups)
    },
  }
}

function enter(groups: Map<string, Group>, fact: Fact | undefined): void {
  if (fact === undefined) return
  const group = groups.get(fact.orderKey)
  if (group === undefined) groups.set(fact.orderKey, { items: [fact], first: 0 })
  else group.items.push(fact)
}

function inShardOrder(command: Invoke, life: Life): void {
  // What the opening checkpoint calls done is nobody's business any more, even if it comes again.
  const owed = command.records.filter((record) => life.held.has(heldKey(record)))
  if (life.config.slots === 1 && life.configs === 0) inLine(life, life.shard, owed)
  const byKey = Map.groupBy(owed, (record) => record.orderKey)
  for (const [key, records] of byKey) {
    const line = life.keys.get(key)
    if (line !== undefined) inLine(life, line, records)
  }
}

/** The records are the first of their line that are not over, one after the other. */
function inLine(life: Life, line: Line, records: readonly FlowRecord[]): void {
  trimLine(line)
  let index = line.first
  for (const record of records) {
    for (let next = line.items[index]; next !== undefined && next.key !== heldKey(record); next = line.items[index]) {
      if (!isOver(next) && !isExcused(life, next)) {
        violate(
          'order',
          `${shown(records)} invoked while ${next.record.fragment} before it is unresolved (${next.phase})`,
        )
      }
      index += 1
    }
    if (line.items[index] === undefined)
      violate('order', `${record.fragment} invoked out of order or again: ${shown(records)}`)
    index += 1
  }
}

/** The source keeps it no longer, or a recreated stream has made its place meaningless. */
function isExcused(life: Life, held: Held): boolean {
  const { retentionMs } = life.config
  if (retentionMs !== null && life.env.retentionSourceMs - held.record.arrivedMs >= retentionMs) return true
  return held.fact !== undefined && held.fact.gone === 'trimmed'
}

/** Judged by the queue's truth: nothing of the group that came before is still to be done, unless it is in the same batch before it. */
function inGroupOrder(command: Invoke, book: Book, groups: Map<string, Group>): void {
  const before = new Set<string>()
  for (const record of command.records) {
    const fact = book.facts.get(record.fragment)
    const group = groups.get(record.orderKey)
    if (fact !== undefined && group !== undefined) firstOfGroup(group, fact, before, command)
    before.add(record.fragment)
  }
}

function firstOfGroup(group: Group, fact: Fact, before: ReadonlySet<string>, command: Invoke): void {
  for (let head = group.items[group.first]; head !== undefined && head.gone !== null; head = group.items[group.first])
    group.first += 1
  for (let index = group.first; index < group.items.length; index++) {
    const earlier = group.items[index]
    if (earlier === undefined || earlier === fact) return
    if (earlier.gone === null && !earlier.filtered && !before.has(earlier.key)) {
      violate('order', `${shown(command.records)}: ${fact.key} overtakes ${earlier.key} of its group`)
    }
  }
}
