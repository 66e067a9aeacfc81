import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { until } from '../../../support/until.ts'

/** Hears from functions how many records they got, and when. */
export interface RecordCounter {
  readonly port: number
  reset(): void
  /** Waits for so many records since the last reset. */
  untilRecords(count: number, secondsMax: number): Promise<Counted>
  close(): void
}

export interface Counted {
  readonly firstMs: number
  readonly lastMs: number
  /** In the first invocation: they came before the clock started. */
  readonly firstRecords: number
  readonly records: number
  readonly invocations: number
}

const bufferBytes = 4_194_304

export async function startRecordCounter(): Promise<RecordCounter> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: bufferBytes })
  let heard: { readonly atMs: number; readonly records: number }[] = []
  socket.on('message', (text) => heard.push({ atMs: performance.now(), records: Number(text.toString()) }))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const sum = (): number => heard.reduce((all, { records }) => all + records, 0)
  return {
    port: socket.address().port,
    reset: () => void (heard = []),
    async untilRecords(count, secondsMax) {
      await until(
        () => sum() >= count,
        () => `${count} records reach the function (${sum()} so far)`,
        { secondsMax },
      )
      const [first] = heard
      return {
        firstMs: first?.atMs ?? Number.NaN,
        firstRecords: first?.records ?? 0,
        lastMs: heard.at(-1)?.atMs ?? Number.NaN,
        records: sum(),
        invocations: heard.length,
      }
    },
    close: () => void socket.close(),
  }
}
