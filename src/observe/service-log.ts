import type { ServiceSettings } from '../model/settings.ts'
import { createLogger, type Log, type LoggerOptions } from './log.ts'
import { invocationFailed } from './pretty.ts'
import { foldRepetitions } from './repetition.ts'

/** The log of a service: for people on a terminal, else for programs, and bounded while a fault lasts. */
export function createServiceLog(
  { logFormat, logLevel }: Pick<ServiceSettings, 'logFormat' | 'logLevel'>,
  monoMs: () => number,
  { destination, redact }: Pick<LoggerOptions, 'destination' | 'redact'> = {},
): Log {
  const format = logFormat ?? (destination === undefined && process.stdout.isTTY ? 'pretty' : 'json')
  // What a person watches are the invocations, each of them: the lines for people have a bound of their own.
  const whole = format === 'pretty' ? [invocationFailed] : []
  return foldRepetitions(createLogger(logLevel, { destination, format, redact }), monoMs, new Set(whole))
}
