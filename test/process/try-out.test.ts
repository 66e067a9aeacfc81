import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runMillrace, type MillraceProcess } from './built-file.ts'
import { until } from './until.ts'

let folder = ''
let millrace: MillraceProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-try-out-'))
})

afterEach(async () => {
  millrace?.signal('SIGKILL')
  await millrace?.exited
  await rm(folder, { recursive: true, force: true })
})

/** Starts the try-out and waits until it says that it is ready. */
async function dev(...args: readonly string[]): Promise<MillraceProcess> {
  const started = runMillrace(['dev', '--port', '0', ...args], { cwd: folder })
  millrace = started
  await until(() => started.child.exitCode !== null || started.stdout().includes('Ready after'), 'the try-out is ready')
  if (started.child.exitCode !== null) throw new Error(`the try-out ended:\n${started.stdout()}\n${started.stderr()}`)
  return started
}

test('the try-out shows each invocation as one line: of the queue, in order of the FIFO queue, of stream and table', async () => {
  const started = await dev()
  for (const line of [
    /^\d\d:\d\d:\d\d\.\d{3} {2}orders +\d+\.\d ms {2}\d+ messages?: order-1\b/m,
    /^\S+ {2}payments +\d+\.\d ms {2}\d messages?: reserve-4 \(\w+\)/m,
    /^\S+ {2}clicks +\d+\.\d ms {2}\d records?: click-3\b/m,
    /^\S+ {2}users +\d+\.\d ms {2}\d changes?: INSERT user-1\b/m,
    // It failed once, and came back alone.
    /orders +\d+\.\d ms {2}1 message: order-7 again/,
  ]) {
    await until(() => line.test(started.stdout()), `a line like ${line.source}\n${started.stdout()}${started.stderr()}`)
  }
  expect(started.stderr()).toBe('')
  started.signal('SIGTERM')
  expect(await started.exited).toBe(0)
})

test('the try-out has no Lambda but its own functions: a mapping to another one is refused', async () => {
  const started = await dev('--no-feed')
  const endpoint = /^Millrace +(http:\S+)/m.exec(started.stdout())?.[1]
  const create = (FunctionName: string) =>
    fetch(`${endpoint}/2015-03-31/event-source-mappings`, {
      method: 'POST',
      body: JSON.stringify({ EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders', FunctionName }),
    })
  const refused = await create('ordres')
  expect(refused.status).toBe(400)
  expect(await refused.json()).toMatchObject({
    message: expect.stringMatching(/^Function does not exist: ordres is not/),
  })
  expect((await create('payments')).status).toBe(202)
})

test('without the feed it is idle, prints its endpoints, and delivers what is sent', async () => {
  const started = await dev('--no-feed')
  const queues = /^SQS, SNS, S3 +(http:\S+)/m.exec(started.stdout())?.[1]
  const command = /aws --endpoint-url (\S+) sqs send-message --queue-url (\S+) --message-body hello/.exec(
    started.stdout(),
  )
  expect(command?.[1]).toBe(queues)
  const response = await fetch(`${queues}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessage',
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify({ QueueUrl: command?.[2], MessageBody: 'hello' }),
  })
  expect(response.status).toBe(200)
  await until(() => started.stdout().includes('1 message: hello'), 'the message is shown')
  started.signal('SIGINT')
  expect(await started.exited).toBe(0)
})
