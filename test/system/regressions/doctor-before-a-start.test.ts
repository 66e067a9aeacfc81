import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFauxqs, type FauxqsServer } from 'fauxqs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import { startDynamoStreamServer, type DynamoStreamServer } from '../../support/dynamodb-stream-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-doctor-'))
const servers: Server[] = []
let queues: FauxqsServer
let tables: DynamoStreamServer

beforeAll(async () => {
  queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
  queues.createQueue('orders', { attributes: { VisibilityTimeout: '3' } })
  queues.createQueue('dead')
  queues.createTopic('alarms')
  queues.createBucket('failures')
  tables = await startDynamoStreamServer()
})

afterAll(async () => {
  await queues.stop()
  await tables.close()
  rmSync(folder, { recursive: true })
})

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/2015-03-31/functions/function/invocations`
}

async function doctor(lines: readonly string[], ...argv: readonly string[]) {
  const config = [
    'store: "memory:"',
    'server: { port: 0 }',
    `aws: { region: us-east-1, endpoint: "http://127.0.0.1:${queues.port}", endpoints: { dynamodb: "${tables.endpoint}", dynamodbstreams: "${tables.endpoint}" } }`,
    ...lines,
  ]
  writeFileSync(join(folder, 'millrace.yaml'), `${config.join('\n')}\n`)
  const said: string[] = []
  const code = await runProgram({
    argv: ['doctor', ...argv],
    env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    cwd: folder,
    terminal: { out: (line) => said.push(line), err: (line) => said.push(line) },
    onSignal: () => {},
  })
  return { code, said, of: (part: string) => said.filter((line) => line.includes(` ${part}: `)) }
}

const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`

it('each mapping is looked at: source, function, visibility and destination', async () => {
  tables.createTable('users')
  const order = await listen(readsFirst)
  const onFailure = (destination: string) => `DestinationConfig: { OnFailure: { Destination: "${destination}" } }`
  const users = (functionName: string, more = '') =>
    `  - { EventSourceArn: "dynamodb:users", FunctionName: "${functionName}", StartingPosition: LATEST, ${more} }`
  const { code, said, of } = await doctor([
    'functions:',
    `  order: { url: "${order}", timeout: 4 }`,
    `  swift: { url: "${order}", timeout: 3 }`,
    'mappings:',
    `  - { EventSourceArn: "${arn('orders')}", FunctionName: ordres }`,
    `  - { EventSourceArn: "${arn('orders')}", FunctionName: order }`,
    `  - { EventSourceArn: "${arn('orders')}", FunctionName: swift }`,
    `  - { EventSourceArn: "${arn('nowhere')}", FunctionName: "order:live" }`,
    users('order', onFailure(arn('dead'))),
    users('order:a', onFailure(arn('gone'))),
    users('order:b', onFailure('arn:aws:sns:us-east-1:000000000000:alarms')),
    users('order:c', onFailure('arn:aws:sns:us-east-1:000000000000:none')),
    users('order:d', onFailure('arn:aws:s3:::failures')),
    users('order:e', onFailure('arn:aws:s3:::elsewhere')),
    '  - { EventSourceArn: "dynamodb:nothing", FunctionName: order, StartingPosition: LATEST }',
  ])
  expect(of('millrace.yaml:8 source')).toEqual([`ok   millrace.yaml:8 source: ${arn('orders')} is there`])
  expect(of('millrace.yaml:8 function')).toEqual([
    expect.stringMatching(/^BAD {2}.*: ordres is not in functions: and does not exist: .* Did you mean order\?$/),
  ])
  expect(of('millrace.yaml:9 function')).toEqual(['ok   millrace.yaml:9 function: order is there'])
  expect(of('millrace.yaml:9 visibility')).toEqual([
    expect.stringMatching(/^BAD {2}.* 3 s are shorter than the function's timeout of 4 s: AWS refuses such a mapping/),
  ])
  expect(of('millrace.yaml:10 visibility')).toEqual([expect.stringMatching(/^ok .* 3 s cover .* timeout of 3 s$/)])
  expect(of('millrace.yaml:11 source')).toEqual([
    expect.stringMatching(/^BAD {2}.*:nowhere does not exist: create it, or correct EventSourceArn/),
  ])
  expect(of('millrace.yaml:12 source')).toEqual(['ok   millrace.yaml:12 source: dynamodb:users is there'])
  const destinations = said.filter((line) => line.includes(' destination: '))
  expect(destinations.map((line) => line.replace(/ \(.*/, ''))).toEqual([
    `ok   millrace.yaml:12 destination: ${arn('dead')} is there`,
    `BAD  millrace.yaml:13 destination: ${arn('gone')} does not exist: create it, or correct DestinationConfig`,
    'ok   millrace.yaml:14 destination: arn:aws:sns:us-east-1:000000000000:alarms is there',
    'BAD  millrace.yaml:15 destination: arn:aws:sns:us-east-1:000000000000:none does not exist: create it, or correct DestinationConfig',
    'ok   millrace.yaml:16 destination: arn:aws:s3:::failures is there',
    'BAD  millrace.yaml:17 destination: arn:aws:s3:::elsewhere does not exist: create it, or correct DestinationConfig',
  ])
  expect(of('millrace.yaml:18 source')).toEqual([expect.stringMatching(/^BAD {2}.*: dynamodb:nothing does not exist/)])
  expect(code).toBe(1)
})

/** As an emulator does: whatever the method, the event is read, then the function runs. */
const ran: string[] = []
const readsFirst: RequestListener = (request, response) => {
  request.toArray().then(
    (chunks) => {
      ran.push(Buffer.concat(chunks as Buffer[]).toString())
      response.end('{}')
    },
    () => response.destroy(),
  )
}

it('a function that reads its event is not run by the look, and counts as there', async () => {
  const url = await listen(readsFirst)
  const { code, of } = await doctor(['functions:', `  audit: { url: "${url}" }`])
  expect(of('function audit')).toEqual([`ok   function audit: ${url} answers: it waits for an event`])
  expect(ran).toEqual([])
  expect(code).toBe(0)
})

it.each<[string, RequestListener, string]>([
  ['404', (_, response) => response.writeHead(404).end(), 'it answers 404'],
  [
    'a page',
    (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(),
    'it answers 200 with HTML',
  ],
  [
    'a page to a GET alone, where a POST is read first',
    (request, response) => {
      if (request.method === 'GET') response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' }).end()
      else readsFirst(request, response)
    },
    'it answers 404 with HTML',
  ],
  ['a redirect', (_, response) => response.writeHead(302, { location: '/' }).end(), 'it answers 302'],
])('a URL of a function that answers with %s does not count as one', async (_, listener, why) => {
  const url = await listen(listener)
  const { code, of } = await doctor(['functions:', `  audit: { url: "${url}" }`])
  expect(of('function audit')).toEqual([`BAD  function audit: ${url} runs no function (${why}); correct the url`])
  expect(code).toBe(1)
})

it('an object store at the URL of a function is found out', async () => {
  const url = `http://127.0.0.1:${queues.port}/2015-03-31/functions/function/invocations`
  const { of } = await doctor(['functions:', `  audit: { url: "${url}" }`])
  expect(of('function audit')).toEqual([
    `BAD  function audit: ${url} runs no function (it answers 404 with XML); correct the url`,
  ])
})

it('the port is judged in the words of a start', async () => {
  const url = new URL(await listen(readsFirst))
  const { code, of } = await doctor([], '--port', url.port)
  expect(of(`port ${url.port}`)).toEqual([
    `BAD  port ${url.port}: Cannot listen on 127.0.0.1:${url.port} (EADDRINUSE): another process listens there. Stop it, or take another port (--port 0 takes a free one).`,
  ])
  expect(code).toBe(1)
})

it('--json prints the findings, those of an unusable configuration too', async () => {
  const good = await doctor([], '--json')
  expect(JSON.parse(good.said.join('\n'))).toEqual({
    ok: true,
    findings: expect.arrayContaining([{ ok: true, what: 'port 0', says: 'free on 127.0.0.1' }]) as unknown,
  })
  expect(good.code).toBe(0)
  const bad = await doctor(['prune: x', 'adopt: y'], '--json')
  expect(JSON.parse(bad.said.join('\n'))).toEqual({
    ok: false,
    findings: [
      { ok: false, what: 'configuration', says: 'millrace.yaml:4: prune must be true or false, not "x".' },
      { ok: false, what: 'configuration', says: 'millrace.yaml:5: adopt must be one of off, on, undo, not "y".' },
    ],
  })
  expect(bad.code).toBe(2)
})
