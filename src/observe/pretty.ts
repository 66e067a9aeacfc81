import { styleText } from 'node:util'
import { plural } from '../model/plural.ts'
import { printable, printableLines } from '../model/printable.ts'
import type { LogDestination } from './log.ts'

/** What the log says of an invocation that succeeded; a terminal shows each as a line of its own. */
export const invocationSucceeded = 'An invocation succeeded.'
export const invocationFailed = 'An invocation failed.'

export interface PrettyOptions {
  /** Lines of `debug` are shown; without it only those of invocations that succeeded. */
  readonly showsDebug: boolean
  /** Whether the terminal shows colours. */
  readonly colours: boolean
  readonly monoMs: () => number
}

type Style = Parameters<typeof styleText>[0]
type Fields = Readonly<Record<string, unknown>>

/** Nobody reads more lines of invocations than this in a second. */
const invocationsPerSecond = 20
const textLengthMax = 300

/** Lines for people: the time, what happened, then the rest as `name=value`. */
export function prettyLines(out: LogDestination, { colours, monoMs, showsDebug }: PrettyOptions): LogDestination {
  const paint = (style: Style, text: string) => (colours ? styleText(style, text, { validateStream: false }) : text)
  let second = -1
  let shown = 0
  let hidden = 0

  /** False: there were too many in this second. */
  const admit = (): boolean => {
    const now = Math.floor(monoMs() / 1_000)
    if (now !== second) {
      if (hidden > 0) out.write(`${paint('dim', `              … and ${hidden} more invocations`)}\n`)
      second = now
      shown = 0
      hidden = 0
    }
    shown += 1
    if (shown > invocationsPerSecond) hidden += 1
    return shown <= invocationsPerSecond
  }

  return {
    write(line) {
      const fields = JSON.parse(line) as Fields
      const isInvocation = fields['msg'] === invocationSucceeded || fields['msg'] === invocationFailed
      if (isInvocation ? !admit() : fields['level'] === 'debug' && !showsDebug) return
      out.write(`${isInvocation ? invocationLine(fields, paint) : plainLine(fields, paint)}\n`)
    },
  }
}

type Paint = (style: Style, text: string) => string

/** As the try-out prints its samples: time, function, duration, what it had. */
function invocationLine(fields: Fields, paint: Paint): string {
  const name = nameOf(fields['function'])
  const took = fields['durationMs'] === undefined ? '' : `${Number(fields['durationMs']).toFixed(1)} ms`
  const what = `${plural(Number(fields['records']), 'record')} of ${nameOf(fields['source'])}`
  const failure = fields['errorType'] === undefined ? '' : `${text(fields['errorType'])}: ${text(fields['reason'])}`
  const end = failure === '' ? what : `${paint('red', 'ERROR')} ${failure} (${what}, ${afterwards(fields)})`
  return `${paint('dim', timeOf(fields))}  ${name.padEnd(12)}  ${took.padStart(10)}  ${end}`
}

function afterwards({ attempt, next, nextRetryMs }: Fields): string {
  const then = nextRetryMs === undefined ? text(next) : `${text(next)} in ${(Number(nextRetryMs) / 1_000).toFixed(1)} s`
  return `attempt ${text(attempt)}, next: ${then}`
}

const styles: Readonly<Record<string, Style>> = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' }
/** They stand elsewhere in the line, or say nothing to a person. */
const leftOut: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'error', 'mapping'])

function plainLine(fields: Fields, paint: Paint): string {
  const level = text(fields['level'])
  const rest = Object.entries(fields).filter(([name]) => !leftOut.has(name))
  const pairs = rest.map(([name, value]) => `${paint('dim', `${name}=`)}${text(value)}`)
  const failure = fields['error']
  const stack =
    typeof failure === 'object' && failure !== null && 'stack' in failure
      ? `\n${printableLines(String(failure.stack))}`
      : ''
  const head = `${paint('dim', timeOf(fields))}  ${paint(styles[level] ?? 'dim', level.padEnd(5))}  ${text(fields['msg'])}`
  return [head, ...pairs].join('  ') + stack
}

function timeOf(fields: Fields): string {
  return text(fields['time']).slice(11, 23)
}

/** What people call the queue, stream, table or function of an ARN by. */
function nameOf(arn: unknown): string {
  const name = text(arn)
  const resource = name.startsWith('arn:') ? name.split(':').slice(5).join(':') : name
  return resource.replace(/^(?:function:|stream\/|table\/|kinesis:|dynamodb:)/, '').replace(/\/stream\/.*$/, '')
}

function text(value: unknown): string {
  const full = printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
  return full.length > textLengthMax ? `${full.slice(0, textLengthMax)}…` : full
}
