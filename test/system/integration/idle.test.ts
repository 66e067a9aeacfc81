import { SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import { ok } from '../../support/functions/behaviour.ts'
import { bodiesOf, queueArn, startQueueStack, type QueueStack } from './queue-stack.ts'

let stack: QueueStack

afterEach(() => stack.stop())

/** first → function first → second → function second. */
async function chain() {
  stack = await startQueueStack()
  const { functions, queues, queue, start } = stack
  queue('first')
  queue('second')
  functions.behave(({ functionName, payload }) => {
    if (functionName === 'first') for (const body of bodiesOf([{ payload }])) queues.sendMessage('second', `${body}!`)
    return ok()
  })
  return start({
    mappings: [
      { EventSourceArn: queueArn('first'), FunctionName: 'first' },
      { EventSourceArn: queueArn('second'), FunctionName: 'second' },
    ],
  })
}

interface Answer {
  readonly idle: boolean
  readonly mappings: number
  readonly reasons: readonly string[]
}

async function idle(endpoint: string, query: string): Promise<Answer> {
  return (await (await fetch(`${endpoint}/_millrace/idle?${query}`)).json()) as Answer
}

it('a chain of queues and functions is idle when its last function has run', async () => {
  const { endpoint } = await chain()
  for (let round = 1; round <= 5; round++) {
    for (let index = 0; index < 20; index++) stack.queues.sendMessage('first', `${round}-${index}`)
    expect(await idle(endpoint, 'timeout=30')).toMatchObject({ idle: true, mappings: 2, reasons: [] })
    expect([stack.left('first'), stack.left('second')]).toEqual([0, 0])
    const seconds = stack.functions.invocations.filter(({ functionName }) => functionName === 'second')
    expect(new Set(bodiesOf(seconds)).size).toBe(round * 20)
  }
})

it('what is delayed is waited for, unless it is ignored', async () => {
  const { endpoint } = await chain()
  const QueueUrl = `${stack.endpoints.sqs}/000000000000/second`
  await stack.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 600 }))
  const { idle: isIdle, reasons } = await idle(endpoint, 'timeout=0.5')
  expect(isIdle).toBe(false)
  expect(reasons).toEqual(['queue second to function second: 1 message is delayed.'])
  expect(await idle(endpoint, 'timeout=30&ignore=delayed')).toMatchObject({ idle: true })
  expect(await idle(endpoint, 'timeout=30&mapping=first')).toMatchObject({ idle: true, mappings: 1 })
})

async function wait(endpoint: string, argv: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const terminal = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) }
  const argvOfAll = ['wait', '--endpoint', endpoint, ...argv]
  const code = await runProgram({ argv: argvOfAll, env: {}, cwd: import.meta.dirname, terminal, onSignal: () => {} })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

it('`millrace wait` says so by its exit code', async () => {
  const { endpoint } = await chain()
  stack.queues.sendMessage('first', 'one')
  expect(await wait(endpoint, [])).toMatchObject({ code: 0, out: 'Idle: nothing is left of 2 mappings.' })
  expect(stack.left('second')).toBe(0)
  const QueueUrl = `${stack.endpoints.sqs}/000000000000/first`
  await stack.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 600 }))
  expect(await wait(endpoint, ['--timeout', '500ms', '--mapping', 'first'])).toMatchObject({
    code: 1,
    out: 'queue first to function first: 1 message is delayed.',
  })
  expect(await wait(endpoint, ['--timeout', 'soon'])).toMatchObject({ code: 2 })
  expect(await wait(endpoint, ['--mapping', 'nobody'])).toMatchObject({ code: 1, out: '' })
})
