import type { FlowCommand } from '../../src/core/flow/messages.ts'
import { type Book, type Fact, beginLife, lifeOf } from './book.ts'
import { applyCommand } from './book-commands.ts'
import { applyEvent } from './book-events.ts'
import type { PutFact } from './put-fact.ts'
import type { Entry } from './trace.ts'

/** Writes an entry down. */
export function apply(book: Book, entry: Entry): void {
  switch (entry.kind) {
    case 'put':
      return put(book, entry.fact)
    case 'gone': {
      const fact = book.facts.get(entry.key)
      if (fact !== undefined) fact.gone = entry.how
      return
    }
    case 'event':
      return onEvent(book, entry)
    case 'command':
      return onCommand(book, entry.life, entry.command)
    case 'crashed':
      lifeOf(book, entry.life).crashed = true
      return
    case 'healed':
      book.healed = true
      return
    case 'written':
    case 'converged':
      return
    default:
      return entry satisfies never
  }
}

function put(book: Book, put: PutFact): void {
  const fact: Fact = { ...put, gone: null, resolved: false, successes: 0, filtered: false, dropped: false }
  book.facts.set(fact.key, fact)
  book.inOrder.push(fact)
}

function onEvent(book: Book, entry: Extract<Entry, { kind: 'event' }>): void {
  const life = book.lives.get(entry.life) ?? beginLife(book, entry.life, entry.config, entry.env)
  life.config = entry.config
  life.env = entry.env
  life.extendsSinceMs = entry.config.extendsReceipts ? (life.extendsSinceMs ?? entry.t) : null
  life.tumbled ||= entry.config.tumblingMs > 0
  life.flightsMax = Math.max(life.flightsMax, entry.config.scaling.flightsMax, entry.config.slots)
  applyEvent(book, life, entry.event)
}

function onCommand(book: Book, life: number, command: FlowCommand): void {
  applyCommand(lifeOf(book, life), command)
}
