import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import { ok, throttle, throwing } from '../../support/functions/behaviour.ts'
import { startQueueStack, type Millrace, type QueueStack } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'

let stack: QueueStack
beforeEach(async () => {
  stack = await startQueueStack({ functions: { orders: { timeoutS: 1 } } })
})
afterEach(() => stack.stop())

async function status(millrace: Millrace, ...argv: readonly string[]): Promise<readonly string[]> {
  const said: string[] = []
  await runProgram({
    argv: ['status', '--endpoint', millrace.endpoint, ...argv],
    env: {},
    cwd: '/',
    terminal: { out: (line) => said.push(line), err: (line) => said.push(line) },
    onSignal: () => {},
  })
  return said
}

async function mapped(): Promise<Millrace> {
  const EventSourceArn = stack.queue('orders', { VisibilityTimeout: '30' })
  return stack.start({ mappings: [{ EventSourceArn, FunctionName: 'orders', BatchSize: 1 }] })
}

const send = (body: string, more: object = {}) => {
  const QueueUrl = stack.queues.inspectQueue('orders')?.url
  return stack.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, ...more }))
}

/** The line of the status that the pattern fits, once there is one; what the status says where there never is. */
async function line(millrace: Millrace, pattern: RegExp): Promise<string> {
  let said: readonly string[] = []
  const isThere = async () => (said = await status(millrace)).some((one) => pattern.test(one))
  await until(isThere, String(pattern)).catch(() => {})
  return said.find((one) => pattern.test(one)) ?? said.join('\n')
}

it('a function that always fails is in trouble, and out of it once it succeeds', async () => {
  stack.functions.behave(() => throwing('no database'))
  const millrace = await mapped()
  await send('a')
  const failing = /^ {2}function failing for \d+s: .*no database/
  expect(await line(millrace, failing)).toMatch(failing)
  stack.functions.behave(() => ok(null))
  await send('b')
  const over = /^ {2}last error \d+s ago: .*no database/
  expect(await line(millrace, over)).toMatch(over)
  expect((await status(millrace)).join('\n')).not.toContain('function failed')
})

it('so is a function that throttles, and one that cannot be reached', async () => {
  stack.functions.behave(() => throttle())
  const millrace = await mapped()
  await send('a')
  const throttled = /^ {2}function throttled for \d+s: /
  expect(await line(millrace, throttled)).toMatch(throttled)
  await stack.functions.close()
  const unreachable = /^ {2}function unreachable for \d+s: /
  expect(await line(millrace, unreachable)).toMatch(unreachable)
})

it('it tells what waits in the queue, how fast records go, and when the function was last invoked', async () => {
  const millrace = await mapped()
  const fresh = /^sqs:orders +orders +Enabled +0 +- +0 +0 +-$/
  expect(await line(millrace, fresh)).toMatch(fresh)
  await send('a')
  const invoked = /^sqs:orders +orders +Enabled +0 +- +\d\.\d +0 +\d+s$/
  expect(await line(millrace, invoked)).toMatch(invoked)
  await send('later', { DelaySeconds: 900 })
  const waiting = /^sqs:orders +orders +Enabled +1 +- +\d\.\d +0 +\d+s$/
  expect(await line(millrace, waiting)).toMatch(waiting)
})
