import { startFauxqs } from 'fauxqs'
import { serveCommands } from './child.ts'
import { machineMs } from './usage.ts'

/** SQS in a process of its own. Messages are put in from inside, so that filling a queue costs no HTTP. */
const fauxqs = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false })

const commands = {
  endpoint: (_: null) => `http://127.0.0.1:${fauxqs.port}`,
  createQueue(name: string) {
    const { queueUrl, queueArn } = fauxqs.createQueue(name, { attributes: { VisibilityTimeout: '120' } })
    return { queueUrl, queueArn }
  },
  /** Answers with the moment before the first message was there, and the moment after the last. */
  fill({ queue, messages, bytes }: { queue: string; messages: number; bytes: number }) {
    const filler = 'x'.repeat(Math.max(0, bytes - 32))
    const beganMs = machineMs()
    for (let index = 0; index < messages; index += 1) {
      fauxqs.sendMessage(queue, JSON.stringify({ index, filler }))
    }
    return { beganMs, endedMs: machineMs() }
  },
  left(queue: string) {
    const messages = fauxqs.inspectQueue(queue)?.messages
    return messages === undefined ? 0 : messages.ready.length + messages.inflight.length
  },
}

export type BackendCommands = typeof commands

serveCommands(commands)
