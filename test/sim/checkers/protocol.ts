import type { FlowCommand } from '../../../src/core/flow/messages.ts'
import { type Book, type Life, countPending, isStreamLife, lifeOf } from '../book.ts'
import { type Checker, type Entry, violate } from '../trace.ts'

/** Every command has an id of its own, permits balance, and nothing is said after the end (architecture §5). */
export function protocol(): Checker {
  const lostReads = new Set<string>()
  return {
    name: 'protocol',
    see(entry, book) {
      if (entry.kind === 'event') return onEvent(entry, book, lostReads)
      if (entry.kind === 'command') onCommand(entry.command, lifeOf(book, entry.life), lostReads)
    },
  }
}

function onEvent(entry: Extract<Entry, { kind: 'event' }>, book: Book, lostReads: Set<string>): void {
  const life = book.lives.get(entry.life)
  if (life !== undefined && life.granted.size > 0) {
    violate('protocol', `permit ${[...life.granted].join(' ')} was granted and neither used nor given back in its step`)
  }
  const { event } = entry
  if (event.kind === 'readDone' && event.result.kind === 'failed')
    lostReads.add(`${String(entry.life)}:${String(event.id)}`)
}

function onCommand(command: FlowCommand, life: Life, lostReads: ReadonlySet<string>): void {
  if (life.drained || life.finished) violate('protocol', `${command.kind} after the end of the flow`)
  if (isRequest(command)) freshId(command.id, command.kind, life)
  switch (command.kind) {
    case 'read':
      return onRead(command, life, lostReads)
    case 'invoke':
      if (!life.granted.has(command.permit))
        violate('protocol', `invoke ${String(command.id)} without a granted permit`)
      return
    case 'giveBack':
      if (!life.granted.has(command.permit))
        violate('protocol', `gives back permit ${String(command.permit)} it does not have`)
      return
    case 'cancel':
      if (!life.pending.has(command.id)) violate('protocol', `cancels ${String(command.id)}, which is not outstanding`)
      return
    case 'drained':
      if (life.drainingSince === null && !life.leaseLost && !life.fenced)
        violate('protocol', 'drained without being asked')
      return atRest(life, 'drained')
    case 'finished':
      return atRest(life, 'finished')
    case 'look':
      if (countPending(life, 'look') > 0) violate('protocol', 'two looks are out at once')
      if (isStreamLife(life)) violate('protocol', 'a shard does not look at its function')
      return
    case 'settle':
    case 'extend':
    case 'release':
      if (isStreamLife(life)) violate('protocol', `${command.kind} on a shard`)
      return
    case 'checkpoint':
      if (!isStreamLife(life)) violate('protocol', 'checkpoint on a queue')
      if (countPending(life, 'checkpoint') > 0) violate('protocol', 'two checkpoints are out at once')
      return
    case 'permit':
    case 'discard':
    case 'attemptFailed':
    case 'filtered':
    case 'dropped':
    case 'positionLost':
    case 'sourceTrouble':
    case 'sourceHealthy':
    case 'functionTrouble':
    case 'functionHealthy':
      return
    default:
      return command satisfies never
  }
}

function isRequest(
  command: FlowCommand,
): command is Extract<
  FlowCommand,
  { kind: 'read' | 'permit' | 'invoke' | 'look' | 'settle' | 'extend' | 'release' | 'discard' | 'checkpoint' }
> {
  return 'id' in command && command.kind !== 'cancel'
}

function freshId(id: number, kind: string, life: Life): void {
  if (life.used.has(id)) violate('protocol', `${kind} uses id ${String(id)} a second time`)
}

function onRead(command: Extract<FlowCommand, { kind: 'read' }>, life: Life, lostReads: ReadonlySet<string>): void {
  const stream = isStreamLife(life)
  if ((command.from === null) === stream) violate('protocol', 'a shard is read from a place, a queue is not')
  if (command.recordsMax < 1 || command.recordsMax > life.config.traits.readRecordsMax) {
    violate('protocol', `asks for ${String(command.recordsMax)} records`)
  }
  const readsMax = stream ? 1 : life.flightsMax + 10
  if (countPending(life, 'read') >= readsMax) violate('protocol', 'too many reads are out at once')
  if (!stream && life.configs === 0 && countPending(life, 'read') >= life.config.scaling.receivesMax) {
    violate('protocol', 'more receives are out than receivesMax')
  }
  if (command.repeats !== null && !lostReads.has(`${String(life.life)}:${String(command.repeats)}`)) {
    violate('protocol', `repeats read ${String(command.repeats)}, whose reply was not lost`)
  }
}

function atRest(life: Life, word: string): void {
  if (life.pending.size > 0)
    violate('protocol', `${word} while ${[...life.pending.values()].map((one) => one.kind).join(' ')} is out`)
  if (life.granted.size > 0) violate('protocol', `${word} with a permit in hand`)
}
