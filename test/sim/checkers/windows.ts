import type { FlowCommand, FlowEvent } from '../../../src/core/flow/messages.ts'
import type { FlowConfig } from '../../../src/core/flow/config.ts'
import type { Checkpoint, WindowCheckpoint } from '../../../src/model/checkpoint.ts'
import type { WindowFrame } from '../../../src/model/invocation.ts'
import { windowStateBytesMax } from '../../../src/model/limits.ts'
import { type Book, type Life, isStreamLife, lifeOf } from '../book.ts'
import { type Checker, shown, violate } from '../trace.ts'

/** The window of one life, as the answers of the function make it. */
interface Expected {
  startMs: number
  endMs: number
  state: string
  /** At least one invocation succeeded: a final one is owed. */
  owed: boolean
  oversize: boolean
  /** It had its final invocation. */
  over: boolean
  /** An earlier life may have cut it short, by a new length or for a recreated stream: another one of its borders may follow. */
  isCutShort: boolean
}

/** Tumbling windows (behaviour §4.7): state carried and counted once, aligned borders, the final invocation exactly when owed. */
export function windows(): Checker {
  const open = new Map<number, Expected | null>()
  let isDisturbed = false
  return {
    name: 'windows',
    see(entry, book) {
      if (entry.kind === 'event') {
        const life = book.lives.get(entry.life)
        if (entry.event.kind === 'opened') open.set(entry.life, fromCheckpoint(entry.event, isDisturbed))
        isDisturbed ||= entry.event.kind === 'configured' || isOfAnotherLength(entry.event, entry.config)
        if (life !== undefined && 'id' in entry.event) onAnswer(entry.event, life, open)
      }
      if (entry.kind !== 'command') return
      const life = lifeOf(book, entry.life)
      if (!isStreamLife(life)) return
      const { command } = entry
      if (command.kind === 'invoke') onInvoke(command, life, open)
      isDisturbed ||= command.kind === 'positionLost' && command.reason === 'recreated'
      if (command.kind === 'checkpoint') countsWhatItCovers(command.checkpoint, book, life)
      if (command.kind === 'finished' && (open.get(entry.life)?.owed ?? false))
        violate('windows', 'the shard ended, its window did not')
    },
  }
}

function fromCheckpoint(event: Extract<FlowEvent, { kind: 'opened' }>, isCutShort: boolean): Expected | null {
  const window: WindowCheckpoint | null = event.checkpoint?.window ?? null
  // A stream that was recreated meanwhile still owes the old window its end.
  if (window === null) return null
  return { ...window, owed: true, oversize: window.phase === 'terminating', over: false, isCutShort }
}

/** An update between two lives: the one that finds the window closes it at once. */
function isOfAnotherLength(event: FlowEvent, { tumblingMs }: FlowConfig): boolean {
  const window = event.kind === 'opened' ? (event.checkpoint?.window ?? null) : null
  return window !== null && window.endMs - window.startMs !== tumblingMs
}

function onInvoke(
  command: Extract<FlowCommand, { kind: 'invoke' }>,
  life: Life,
  open: Map<number, Expected | null>,
): void {
  const { window: frame, records } = command
  const { tumblingMs } = life.config
  if (frame === null) {
    if (tumblingMs > 0) violate('windows', `${shown(records)} invoked without a window`)
    if (records.length === 0) violate('windows', 'an invocation without records and without a window')
    if (open.get(life.life)?.owed === true && life.configs === 0) violate('windows', 'the open window was forgotten')
    return
  }
  if (frame.endMs <= frame.startMs || frame.startMs % (frame.endMs - frame.startMs) !== 0)
    violate('windows', `odd borders ${String(frame.startMs)}`)
  if (life.configs === 0 && tumblingMs !== frame.endMs - frame.startMs && !frame.isFinal)
    violate('windows', 'a window of another length')
  if (frame.isFinal !== (records.length === 0)) violate('windows', 'the final invocation, and only it, has no records')
  if (frame.isTerminatedEarly && !frame.isFinal) violate('windows', 'terminated early and not final')
  for (const record of records) {
    if (record.arrivedMs >= frame.endMs) violate('windows', `${record.fragment} belongs to a later window`)
  }
  carriesOn(frame, life, open)
}

function carriesOn(frame: WindowFrame, life: Life, open: Map<number, Expected | null>): void {
  const now = open.get(life.life) ?? null
  if (now?.startMs === frame.startMs && now.endMs === frame.endMs) return goesOn(frame, life, now)
  if (now !== null) begins(frame, now)
  // A window all of whose records were given up before any ran still ends with a final invocation [ours].
  if (frame.state !== '{}') violate('windows', `a window begins with the state ${frame.state}`)
  open.set(life.life, { ...frame, owed: false, oversize: false, over: false, isCutShort: false })
}

function goesOn(frame: WindowFrame, life: Life, now: Expected): void {
  if (now.state !== frame.state) {
    violate('windows', `state ${frame.state} was handed on, the function had returned ${now.state}`)
  }
  if (now.oversize && !frame.isTerminatedEarly && !life.recreated) {
    violate('windows', 'the state outgrew 1 MB and the window went on')
  }
  if (!now.oversize && frame.isTerminatedEarly) violate('windows', 'terminated early without need')
  const isPlain = !life.recreated && life.configs === 0
  if (frame.isFinal && now.over && isPlain) violate('windows', 'a second final invocation')
  now.over = false
}

/** Windows follow each other; only those of another length may overlap. */
function begins(frame: WindowFrame, last: Expected): void {
  if (last.owed) {
    violate('windows', `window ${String(frame.startMs)} begins before ${String(last.startMs)} got its final invocation`)
  }
  const sameLength = last.endMs - last.startMs === frame.endMs - frame.startMs
  if (sameLength && last.startMs > frame.startMs) violate('windows', 'a window that is over came back')
}

function onAnswer(event: FlowEvent & { id: number }, life: Life, open: Map<number, Expected | null>): void {
  const request = life.pending.get(event.id)
  const now = open.get(life.life) ?? null
  if (now === null) return
  if (event.kind === 'discarded' && request?.kind === 'discard' && request.records.length === 0)
    return end(now, request.window)
  if (event.kind !== 'invoked' || request?.kind !== 'invoke' || request.window === null) return
  const { outcome } = event
  // Nothing before the first record is done: the attempt failed, and what it returned is not kept.
  const isKept = outcome.kind === 'succeeded' || (outcome.kind === 'partial' && outcome.failed[0] !== 0)
  if (!isKept) return
  if (request.window.isFinal) return outcome.kind === 'succeeded' ? end(now, request.window) : undefined
  if (outcome.state === null) return
  now.state = outcome.state.json
  now.owed = true
  now.oversize = outcome.state.bytes > windowStateBytesMax
}

/** After its final invocation a window is over; one that was terminated early goes on afresh. */
function end(now: Expected, frame: WindowFrame | null): void {
  now.owed = false
  now.state = '{}'
  now.oversize = false
  now.over = frame !== null && !frame.isTerminatedEarly && !now.isCutShort
  now.isCutShort = false
}

/** The state and the progress that go with it are one write: each record is in both or in neither. */
function countsWhatItCovers(checkpoint: Checkpoint, book: Book, life: Life): void {
  const { window } = checkpoint
  if (window === null) return
  if (!window.state.includes('"seen"')) return
  const state = JSON.parse(window.state) as { readonly seen: readonly string[] }
  if (new Set(state.seen).size !== state.seen.length) violate('windows', `a record is counted twice: ${window.state}`)
  for (const key of state.seen) {
    const fact = book.facts.get(key)
    if (fact === undefined || fact.incarnation !== checkpoint.incarnation) continue
    const place = Number(fact.position)
    const covered =
      (checkpoint.watermark !== null && place <= Number(checkpoint.watermark)) ||
      checkpoint.completed.some((range) => place >= Number(range.first) && place <= Number(range.last))
    if (!covered) violate('windows', `life ${String(life.life)}: the state counts ${key}, the position does not`)
  }
}
