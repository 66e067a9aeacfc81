import type { FlowCommand, FlowEvent, FlowRequest } from '../core/flow/messages.ts'
import type { Unrest } from '../model/mapping-rest.ts'
import type { FlowStatus } from '../model/mapping-status.ts'
import { plural } from '../model/plural.ts'
import type { Clock } from '../ports.ts'
import type { Activity } from './activity.ts'

/** What a flow may have out and be idle all the same: it asks whether there is anything. */
const questions: ReadonlySet<FlowRequest['kind']> = new Set(['read', 'look'])

/** Commands that say nothing of a record. */
const asides: ReadonlySet<FlowCommand['kind']> = new Set([
  ...questions,
  'cancel',
  'sourceTrouble',
  'sourceHealthy',
  'functionTrouble',
  'functionHealthy',
])

/** What a flow has left to do. It sees what its machine is told and what it asks for. */
export class FlowRest {
  readonly #clock: Pick<Clock, 'monoMs'>
  readonly #activity: Activity
  readonly #out = new Map<number, { readonly kind: FlowRequest['kind']; readonly sinceMs: number }>()
  #tipMs: number | null = null

  constructor(clock: Pick<Clock, 'monoMs'>, activity: Activity) {
    this.#clock = clock
    this.#activity = activity
  }

  /** When the newest read began that found nothing more; null: there was none. */
  get tipMs(): number | null {
    return this.#tipMs
  }

  /** One step of the machine. */
  note(event: FlowEvent, commands: readonly FlowCommand[]): void {
    if (event.kind === 'readDone') this.#noteRead(event)
    let isActive = concernsRecords(event, this.#answers(event))
    if ('id' in event) this.#out.delete(event.id)
    for (const command of commands) {
      if (!asides.has(command.kind)) isActive = true
      if (isRequest(command)) this.#out.set(command.id, { kind: command.kind, sinceMs: this.#clock.monoMs() })
    }
    if (isActive) this.#activity.raise()
  }

  #answers(event: FlowEvent): FlowRequest['kind'] | undefined {
    return 'id' in event ? this.#out.get(event.id)?.kind : undefined
  }

  #noteRead({ id, result }: Extract<FlowEvent, { kind: 'readDone' }>): void {
    const isAtTip = result.kind === 'records' && result.tip
    this.#tipMs = isAtTip ? (this.#out.get(id)?.sinceMs ?? null) : null
  }

  reasons(status: FlowStatus, isWindowOpen: boolean): readonly Unrest[] {
    const reasons: Unrest[] = []
    const busy = (text: string): void => void reasons.push({ kind: 'busy', text })
    if (status.phase !== 'running') busy(`${placeOf(status)} is ${status.phase}.`)
    const blocked = blockedText(status)
    if (blocked !== null) busy(blocked)
    else if (status.held > 0)
      busy(`${plural(status.held, 'record')} of ${placeOf(status)} ${areNot(status.held)} done.`)
    else this.#noteOut(status, busy)
    if (isWindowOpen) reasons.push({ kind: 'window', text: `A tumbling window of ${placeOf(status)} is open.` })
    return reasons
  }

  #noteOut(status: FlowStatus, busy: (text: string) => void): void {
    const kinds = new Set([...this.#out.values()].map(({ kind }) => kind))
    for (const kind of kinds) if (!questions.has(kind)) busy(`${placeOf(status)} ${outTexts[kind]}.`)
  }
}

const outTexts: Readonly<Record<FlowRequest['kind'], string>> = {
  read: 'is being read',
  look: 'looks at its function',
  permit: 'waits for a free invocation',
  invoke: 'has an invocation running',
  settle: 'has messages whose deletion is not confirmed',
  release: 'hands messages back',
  extend: 'extends the visibility of messages',
  discard: 'has records on their way to the failure destination',
  checkpoint: 'writes its position down',
}

function isRequest(command: FlowCommand): command is FlowRequest {
  return command.kind !== 'cancel' && 'id' in command
}

/** A look that brought nothing is none; nor is a timer, which shows in what it leads to. */
function concernsRecords(event: FlowEvent, answers: FlowRequest['kind'] | undefined): boolean {
  if (event.kind === 'timer') return false
  if (event.kind !== 'readDone') return answers === undefined || !questions.has(answers)
  const { result } = event
  return result.kind === 'records' ? result.records.length > 0 || result.end : isLost(result)
}

function isLost({ kind }: { readonly kind: string }): boolean {
  return kind === 'trimmed' || kind === 'recreated'
}

function placeOf({ flow }: FlowStatus): string {
  return flow === 'queue' ? 'the queue' : `shard ${flow}`
}

/** What failed and is tried again holds the others up. */
function blockedText(status: FlowStatus): string | null {
  const batch = status.detail.batches.find(({ attempts, notRun }) => attempts + notRun > 0)
  if (batch === undefined) return null
  const by = batch.first === null ? 'a final invocation' : `record ${batch.first.id}`
  const tries = plural(batch.attempts + batch.notRun, 'attempt')
  const next = batch.nextInMs === null ? '' : `; the next one is in ${inWords(batch.nextInMs)}`
  return `${placeOf(status)} is blocked by ${by}, after ${tries} that failed${next}.`
}

function areNot(count: number): string {
  return count === 1 ? 'is not' : 'are not'
}

function inWords(ms: number): string {
  return ms < 1_000 ? `${Math.ceil(ms)} ms` : `${Math.ceil(ms / 1_000)} s`
}
