import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './child.ts'
import type { Running } from './contender.ts'
import type { FunctionCommands, FunctionCounts } from './function-process.ts'

/** Nothing here takes this long: a contender that stalls must not hang the run. */
export const stallMsMax = 120_000

/** Waits until so many records have come to the function since its counts were reset. */
export async function arrived(fn: Child<FunctionCommands>, running: Running, records: number): Promise<FunctionCounts> {
  const giveUp = new AbortController()
  const stalled = sleep(stallMsMax, null, { signal: giveUp.signal }).catch(() => null)
  const counts = await Promise.race([fn.call('untilRecords', records), stalled])
  giveUp.abort()
  if (counts !== null) return counts
  const { records: seen } = await fn.call('counts', null)
  throw stall(`only ${seen} of ${records} records came to the function`, running)
}

export function stall(what: string, running: Running): Error {
  return new Error(`Stalled for ${stallMsMax / 1_000} s: ${what}.\n${running.log()}`)
}
