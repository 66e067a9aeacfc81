import type { Log, LogFields } from './log.ts'

/*
 * A fault that lasts says the same again and again: a dead endpoint once a read, a failing function once an invocation, each for
 * every mapping that it hits. What lasts is told by its beginning, by its end, and between them at a growing pace with the number
 * of lines that were left out. Counters tell the rest.
 */

/** The same line of the same mapping: so many as they come, then one after a pause that doubles. */
const burst = 3
/** A source or a function that is away is one fact, however often it is looked for. */
const troubleBurst = 1
const pauseMsMin = 10_000
const pauseMsMax = 600_000
/** Whatever the number of mappings: the lines of a minute, beside those of the first moment. */
const perMinute = { warn: 18, error: 10 }
/** A state may change this often in a minute before its lines are held back too. */
const changesPerMinute = 5
const minuteMs = 60_000
const keysMax = 5_000

type Level = 'info' | 'warn' | 'error'

interface Line {
  readonly mapping: string
  readonly place: string
  lastMs: number
  nextMs: number
  pauseMs: number
  told: number
  leftOut: number
}

/**
 * The log, its repetitions left out. Lines of `debug` are all written: whoever wants them wants them all. `whole`: messages that
 * are bounded elsewhere.
 */
export function foldRepetitions(log: Log, monoMs: () => number, whole: ReadonlySet<string> = new Set()): Log {
  return folded(log, {}, createRepetitions(monoMs, whole))
}

function folded(log: Log, own: LogFields, repetitions: Repetitions): Log {
  const write = (level: Level) => (fields: LogFields, message: string) => {
    const said = repetitions.take(level, { ...own, ...fields }, message)
    if (said === null) return
    log[level](said.leftOut > 0 ? { ...fields, leftOut: said.leftOut } : fields, message)
  }
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => folded(log.child(fields), { ...own, ...fields }, repetitions),
  }
}

interface Repetitions {
  /** null: the line is left out. `leftOut`: how many of its kind were before it. */
  take(level: Level, fields: LogFields, message: string): { readonly leftOut: number } | null
}

function createRepetitions(monoMs: () => number, whole: ReadonlySet<string>): Repetitions {
  const lines = new Map<string, Line>()
  const minutes = { warn: createMinute(perMinute.warn), error: createMinute(perMinute.error) }

  const lineOf = (key: string, fields: LogFields, nowMs: number): Line => {
    const known = lines.get(key)
    if (known !== undefined) return known
    if (lines.size >= keysMax) {
      const [oldest] = lines.keys()
      if (oldest !== undefined) lines.delete(oldest)
    }
    const line = {
      mapping: text(fields['mapping']),
      place: text(fields['shard']),
      lastMs: nowMs,
      nextMs: 0,
      pauseMs: 0,
      told: 0,
      leftOut: 0,
    }
    lines.set(key, line)
    return line
  }

  const take = (level: Level, fields: LogFields, message: string): { readonly leftOut: number } | null => {
    const nowMs = monoMs()
    const mapping = text(fields['mapping'])
    const key = [level, mapping, text(fields['shard']), kindOf(fields), message].join('\n')
    // What is of no mapping does not come in floods, and who changed what must not be left out.
    if (whole.has(message) || (level === 'info' && mapping === '')) return { leftOut: 0 }
    const line = lineOf(key, fields, nowMs)
    if (nowMs - line.lastMs > Math.max(minuteMs, 2 * line.pauseMs))
      Object.assign(line, { told: 0, pauseMs: 0, nextMs: 0 })
    line.lastMs = nowMs
    const isTold = nowMs >= line.nextMs && (level === 'info' || minutes[level].take(nowMs))
    if (!isTold) {
      line.leftOut += 1
      return null
    }
    const { leftOut } = line
    line.leftOut = 0
    line.told += 1
    if (line.told >= burstOf(level, fields)) {
      line.pauseMs = Math.min(pauseMsMax, Math.max(pauseMsMin, line.pauseMs * 2))
      line.nextMs = nowMs + line.pauseMs
    }
    // A change of state ends what was before it: the next trouble is news.
    if (level === 'info') forget(lines, line)
    return { leftOut }
  }

  return { take }
}

function forget(lines: Map<string, Line>, { mapping, place }: Line): void {
  for (const [key, line] of lines) {
    if (line.mapping === mapping && line.place === place && !key.startsWith('info')) lines.delete(key)
  }
}

function burstOf(level: Level, fields: LogFields): number {
  if (level === 'info') return changesPerMinute
  return fields['trouble'] === undefined && fields['functionTrouble'] === undefined ? burst : troubleBurst
}

/** Two failures of a function are the same while their type is. */
function kindOf(fields: LogFields): string {
  return ['trouble', 'functionTrouble', 'errorType'].map((name) => text(fields[name])).join(' ')
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 200) : ''
}

/** At most so many at once, and so many more in each minute. */
function createMinute(max: number): { take(nowMs: number): boolean } {
  let left = max
  let sinceMs: number | null = null
  return {
    take(nowMs) {
      left = Math.min(max, left + ((nowMs - (sinceMs ?? nowMs)) * max) / minuteMs)
      sinceMs = nowMs
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
