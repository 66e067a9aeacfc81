import { pino, stdSerializers, stdTimeFunctions, type Logger, type LoggerOptions as PinoOptions } from 'pino'
import type { ServiceSettings } from '../model/settings.ts'
import { createOutput, type Output } from './output.ts'
import { prettyLines } from './pretty.ts'

export type LogLevel = ServiceSettings['logLevel']

/** What a line carries beside its message. An `Error` under `error` is written with its type, message and stack. */
export type LogFields = Readonly<Record<string, unknown>>

/** The log as the other layers see it: state changes and failures only, one JSON object a line. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  /** A log whose lines all carry `fields`. */
  child(fields: LogFields): Log
}

/** Where lines go; each arrives whole, with its line feed. */
export interface LogDestination {
  write(line: string): void
}

const standardOutput = 1

export interface LoggerOptions {
  /** Standard output, unless told otherwise. */
  readonly destination?: LogDestination | undefined
  readonly format?: 'json' | 'pretty' | undefined
  /** Takes secrets out of each line. */
  readonly redact?: ((line: string) => string) | undefined
}

/** Writes each line before the call returns: nothing is lost at exit. */
export function createLogger(level: LogLevel, { destination, format = 'json', redact }: LoggerOptions = {}): Log {
  const isPretty = format === 'pretty'
  const options: PinoOptions = {
    // People see each invocation, which is a line of `debug`.
    level: isPretty && level === 'info' ? 'debug' : level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: stdSerializers.err },
  }
  const last = destination ?? accounted(createOutput(standardOutput), options)
  const out = redact === undefined ? last : { write: (line: string) => last.write(redact(line)) }
  return logOf(pino(options, isPretty ? forPeople(out, level) : out))
}

function forPeople(out: LogDestination, level: LogLevel): LogDestination {
  const { isTTY } = process.stdout
  const colours = isTTY === true && process.stdout.hasColors()
  return prettyLines(out, { colours, showsDebug: level === 'debug', monoMs: () => performance.now() })
}

/** Once lines can be written again, one says how many are missing. */
export function accounted(output: Output, options: object): LogDestination {
  const own = pino(options, { write: (line) => void output.write(line) })
  return {
    write: (line) => {
      const dropped = output.write(line) ? output.takeDropped() : null
      if (dropped !== null) own.warn(dropped, 'Lines of the log before the last one could not be written.')
    },
  }
}

/** For tests and for embedders that want no lines. */
export const silentLog: Log = createLogger('silent')

function logOf(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => logOf(logger.child(fields)),
  }
}
