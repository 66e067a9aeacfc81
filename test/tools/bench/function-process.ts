import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveCommands } from './child.ts'
import { machineMs } from './usage.ts'

/** The function under load: takes an event, works for as long as it is told, returns null. */
let workMs = 0
/** Events with this text in them fail. */
let poison: string | null = null
export interface FunctionCounts {
  readonly records: number
  readonly invocations: number
  readonly runningMax: number
  readonly firstMs: number
  readonly lastMs: number
}

let counts: FunctionCounts = { records: 0, invocations: 0, runningMax: 0, firstMs: 0, lastMs: 0 }
let running = 0
let wanted: { readonly records: number; readonly reached: () => void } | null = null

const server = createServer((request, response) => {
  const arrivedMs = machineMs()
  running += 1
  void text(request).then(async (body) => {
    if (workMs > 0) await sleep(workMs)
    const { Records: records } = JSON.parse(body) as { Records: readonly unknown[] }
    running -= 1
    const isPoisoned = poison !== null && body.includes(poison)
    if (!isPoisoned) count(records.length, arrivedMs)
    const answer = isPoisoned ? '{"errorType":"Error","errorMessage":"poison"}' : 'null'
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  })
})

function count(records: number, arrivedMs: number): void {
  counts = {
    records: counts.records + records,
    invocations: counts.invocations + 1,
    runningMax: Math.max(counts.runningMax, running + 1),
    firstMs: counts.firstMs || arrivedMs,
    lastMs: arrivedMs,
  }
  if (wanted !== null && counts.records >= wanted.records) wanted.reached()
}

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')

const commands = {
  url: (_: null) =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/2015-03-31/functions/function/invocations`,
  reset(options: { workMs: number; poison?: string }) {
    workMs = options.workMs
    poison = options.poison ?? null
    counts = { records: 0, invocations: 0, runningMax: 0, firstMs: 0, lastMs: 0 }
  },
  counts: (_: null) => counts,
  /** Answers once so many records have arrived since the reset. */
  async untilRecords(records: number) {
    if (counts.records < records) {
      await new Promise<void>((resolve) => {
        wanted = { records, reached: resolve }
      })
      wanted = null
    }
    return counts
  },
}

export type FunctionCommands = typeof commands

serveCommands(commands)
