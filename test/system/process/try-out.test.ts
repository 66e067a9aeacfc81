import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { runMillrace, type MillraceProcess } from './built-file.ts'
import { until } from '../../support/until.ts'

let folder = ''
let millrace: MillraceProcess | undefined
let usual: Server | undefined

// Whoever has the usual endpoint of a stack configured would have its share of the messages.
beforeAll(async () => {
  usual = await take(4566)
})
afterAll(() => void usual?.close())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-try-out-'))
})

afterEach(async () => {
  // Killed, it would leave its table server behind.
  millrace?.signal('SIGTERM')
  await millrace?.exited
  millrace = undefined
  await rm(folder, { recursive: true, force: true })
})

/** Starts the try-out and waits until it says that it is ready. */
function dev(...args: readonly string[]): Promise<MillraceProcess> {
  return devAt('--port', '0', ...args)
}

async function devAt(...args: readonly string[]): Promise<MillraceProcess> {
  const started = runMillrace(['dev', ...args], { cwd: folder })
  millrace = started
  await until(() => started.child.exitCode !== null || started.stdout().includes('Ready after'), 'the try-out is ready')
  if (started.child.exitCode !== null) throw new Error(`the try-out ended:\n${started.stdout()}\n${started.stderr()}`)
  return started
}

it('the try-out shows each invocation as one line: of the queue, in order of the FIFO queue, of stream and table', async () => {
  const started = await dev()
  for (const line of [
    /^\d\d:\d\d:\d\d\.\d{3} {2}orders +\d+\.\d ms {2}\d+ messages?: order-1\b/m,
    /^\S+ {2}payments +\d+\.\d ms {2}\d messages?: reserve-4 \(\w+\)/m,
    /^\S+ {2}clicks +\d+\.\d ms {2}\d records?: click-3\b/m,
    /^\S+ {2}users +\d+\.\d ms {2}\d changes?: INSERT user-1\b/m,
    // It failed once, and came back: alone, or with whatever was sent in that moment.
    /orders +\d+\.\d ms {2}\d+ messages?: .*\border-7 again/,
  ]) {
    await until(() => line.test(started.stdout()), `a line like ${line.source}\n${started.stdout()}${started.stderr()}`)
  }
  expect(started.stderr()).toBe('')
  started.signal('SIGTERM')
  expect(await started.exited).toBe(0)
})

it('the try-out has no Lambda but its own functions: a mapping to another one is refused', async () => {
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

it('without the feed it is idle, prints its endpoints, and delivers what is sent', async () => {
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

it('what it prints to paste names the region for both versions of the AWS CLI, and maps another queue', async () => {
  const started = await dev('--no-feed')
  const lines = started
    .stdout()
    .split('\n')
    .filter((line) => line.includes(' aws '))
  const prefix =
    '  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url'
  expect(lines.map((line) => line.replace(/http:\S+/g, 'URL'))).toEqual([
    `${prefix} URL sqs send-message --queue-url URL --message-body hello`,
    `${prefix} URL sqs create-queue --queue-name invoices`,
    `${prefix} URL lambda create-event-source-mapping --function-name orders --event-source-arn arn:aws:sqs:us-east-1:000000000000:invoices`,
    `${prefix} URL lambda list-event-source-mappings`,
  ])
  const [, queues, millraceUrl] = lines.map((line) => /--endpoint-url (\S+)/.exec(line)?.[1] ?? '')
  const authorization =
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0'
  const created = await fetch(`${queues}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.CreateQueue',
      authorization,
    },
    body: JSON.stringify({ QueueName: 'invoices' }),
  })
  expect(created.status).toBe(200)
  const mapped = await fetch(`${millraceUrl}/2015-03-31/event-source-mappings/`, {
    method: 'POST',
    body: JSON.stringify({
      FunctionName: 'orders',
      EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:invoices',
    }),
  })
  expect(mapped.status).toBe(202)
})

it('where the usual ports are taken it says which others it took; a port that was named is not left', async () => {
  const takers = await Promise.all([4566, 4570].map(take))
  try {
    const started = await devAt('--no-feed')
    expect(started.stdout()).toMatch(/^Port 4566 is taken by another process: SQS, SNS and S3 moved to port \d+\.$/m)
    expect(started.stdout()).toMatch(/^Port 4570 is taken by another process: Millrace moved to port \d+\.$/m)
    const refused = runMillrace(['dev', '--port', '4570'], { cwd: folder })
    expect(await refused.exited).toBe(1)
    expect(refused.stderr()).toBe(`${taken}\n`)
  } finally {
    for (const taker of takers) taker?.close()
  }
})

it('start says that another process has the port, and what to do', async () => {
  const taker = await take(4570)
  try {
    const refused = runMillrace(['start', '--store', 'memory:', '--log-level', 'error'], { cwd: folder })
    expect(await refused.exited).toBe(1)
    expect(refused.stderr()).toContain(taken)
  } finally {
    taker?.close()
  }
})

const taken =
  'millrace: Cannot listen on 127.0.0.1:4570 (EADDRINUSE): another process listens there. Stop it, or take another port (--port 0 takes a free one).'

/** Undefined where somebody has the port already. */
async function take(port: number): Promise<Server | undefined> {
  const server = createServer()
  const listening = await new Promise<boolean>((settle) => {
    server
      .once('listening', () => settle(true))
      .once('error', () => settle(false))
      .listen(port, '127.0.0.1')
  })
  return listening ? server : undefined
}
