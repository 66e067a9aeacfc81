import type { FlowCommand, FlowEvent } from '../../../src/core/flow/messages.ts'
import type { InvocationReply, Outcome } from '../../../src/model/invocation.ts'
import type { FlowRecord } from '../../../src/model/record.ts'
import { type Book, type Life, isStreamLife, lifeOf } from '../book.ts'
import { type Checker, shown, violate } from '../trace.ts'

/** Attempts that ran at exactly these records. */
interface Tries {
  failed: number
  lastReply: InvocationReply | null
}

/** Budgets and discards: never an attempt too many, never one too few, every end counted under its own name. */
export function retries(): Checker {
  const tries = new Map<string, Tries>()
  const owed = new Map<number, string[]>()
  return {
    name: 'retries',
    see(entry, book) {
      if (entry.kind === 'event') {
        const life = book.lives.get(entry.life)
        const missing = owed.get(entry.life)?.[0]
        if (missing !== undefined) violate('retries', `${missing} was not told`)
        if (life !== undefined) owed.set(entry.life, onAnswer(entry.event, life, tries))
      }
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      strike(owed.get(entry.life), entry.command)
      if (entry.command.kind === 'invoke' && isStreamLife(life)) onInvoke(entry.command, life, tries)
      if (entry.command.kind === 'discard') onDiscard(entry.command, life, tries, book)
    },
  }
}

function unitKey(life: Life, records: readonly FlowRecord[], window: { readonly startMs: number } | null): string {
  const what = records.length === 0 ? `final ${String(window?.startMs)}` : shown(records)
  return `${String(life.life)} ${what}`
}

function triesOf(tries: Map<string, Tries>, key: string): Tries {
  const found = tries.get(key) ?? { failed: 0, lastReply: null }
  tries.set(key, found)
  return found
}

/** Takes the answer down and says which notices its step owes. */
function onAnswer(event: FlowEvent, life: Life, tries: Map<string, Tries>): string[] {
  const request = 'id' in event ? life.pending.get(event.id) : undefined
  const owed: string[] = []
  if (event.kind === 'invoked' && request?.kind === 'invoke') {
    countTry(triesOf(tries, unitKey(life, request.records, request.window)), event.outcome)
    if (event.outcome.kind !== 'succeeded') owed.push(`attemptFailed of ${shown(request.records)}`)
  }
  if (event.kind === 'discarded' && request?.kind === 'discard') {
    tries.delete(unitKey(life, request.records, request.window))
    const { length } = request.records
    if (event.fate !== 'delivered' && length > 0) owed.push(`dropped ${String(length)} ${event.fate}`)
  }
  return life.leaseLost || life.fenced ? [] : owed
}

function countTry(unit: Tries, outcome: Outcome): void {
  if (outcome.kind === 'succeeded') unit.failed = 0
  if (outcome.kind === 'failed' || (outcome.kind === 'partial' && outcome.failed[0] === 0)) {
    unit.failed += 1
    unit.lastReply = outcome.reply
  }
}

function strike(owed: string[] | undefined, command: FlowCommand): void {
  if (owed === undefined) return
  const said =
    command.kind === 'attemptFailed'
      ? `attemptFailed of ${shown(command.records)}`
      : command.kind === 'dropped'
        ? `dropped ${String(command.records.length)} ${command.reason}`
        : ''
  const index = owed.indexOf(said)
  if (index >= 0) owed.splice(index, 1)
  else if (command.kind === 'dropped' && (command.reason === 'undeliverable' || command.reason === 'undestined')) {
    violate('retries', `${said} was told and not owed`)
  }
}

function onInvoke(command: Extract<FlowCommand, { kind: 'invoke' }>, life: Life, tries: Map<string, Tries>): void {
  const { retryAttemptsMax, bisect } = life.config
  const { failed } = triesOf(tries, unitKey(life, command.records, command.window))
  if (command.attempt < 1) violate('retries', `attempt ${String(command.attempt)}`)
  if (life.configs > 0) return
  if (retryAttemptsMax !== null && Math.max(command.attempt - 1, failed) > retryAttemptsMax) {
    violate(
      'retries',
      `${shown(command.records)} tried once more after ${String(failed)} failures (attempt ${String(command.attempt)})`,
    )
  }
  if (bisect && command.records.length > 1 && failed > 0)
    violate('retries', `${shown(command.records)} retried, not split`)
  if (isExact(life) && command.attempt !== failed + 1) {
    violate('retries', `${shown(command.records)} is attempt ${String(failed + 1)}, not ${String(command.attempt)}`)
  }
}

/** No other reason than the function changes what a unit is. */
function isExact(life: Life): boolean {
  return life.configs === 0 && life.config.recordAgeMsMax === null && life.config.retentionMs === null
}

function onDiscard(
  command: Extract<FlowCommand, { kind: 'discard' }>,
  life: Life,
  tries: Map<string, Tries>,
  book: Book,
): void {
  if (command.attempts < 1) violate('retries', `a discard after ${String(command.attempts)} attempts`)
  if (!isStreamLife(life)) violate('retries', 'a queue gives nothing up')
  switch (command.condition) {
    case 'RetryAttemptsExhausted':
      return onExhausted(command, life, tries, book)
    case 'RecordAgeExceeded':
      for (const record of command.records) {
        const ageMs = life.env.sourceMs - record.arrivedMs
        const mostMs = life.config.recordAgeMsMax
        if (mostMs === null || ageMs < mostMs)
          violate('retries', `${record.fragment} given up at the age of ${String(ageMs)} ms`)
      }
      return
    default:
      return command.condition satisfies never
  }
}

function onExhausted(
  command: Extract<FlowCommand, { kind: 'discard' }>,
  life: Life,
  tries: Map<string, Tries>,
  book: Book,
): void {
  const { retryAttemptsMax, bisect } = life.config
  if (retryAttemptsMax === null)
    return violate('retries', `${shown(command.records)} given up, retries are without limit`)
  if (!isExact(life)) return
  if (bisect && command.records.length > 1) violate('retries', `${shown(command.records)} given up before it was split`)
  const unit = triesOf(tries, unitKey(life, command.records, command.window))
  const oversize = command.records.some((record) => book.facts.get(record.fragment)?.oversize === true)
  if (command.attempts !== retryAttemptsMax + 1)
    violate('retries', `discard counts ${String(command.attempts)} attempts`)
  if (!oversize && unit.failed !== retryAttemptsMax + 1) {
    violate('retries', `${shown(command.records)} given up after ${String(unit.failed)} attempts`)
  }
  if (command.reply?.requestId !== (oversize ? undefined : unit.lastReply?.requestId)) {
    violate('retries', `${shown(command.records)} given up with another reply than its last`)
  }
}
