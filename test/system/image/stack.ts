import { join } from 'node:path'
import { SQSClient, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { createYard, docker, type Container, type Yard } from './docker.ts'
import { until } from '../../support/until.ts'
import { imageTag } from './tags.ts'

const repository = join(import.meta.dirname, '../../..')
const inside = join(import.meta.dirname, 'inside')

/** What every container of Millrace is told here; nothing else is needed. */
const queueEnvironment = [
  '--env=AWS_ENDPOINT_URL=http://queues:4566',
  '--env=AWS_REGION=us-east-1',
  '--env=AWS_ACCESS_KEY_ID=test',
  '--env=AWS_SECRET_ACCESS_KEY=test',
] as const

export const configText = `functions:
  orders: { url: "http://function:8080/2015-03-31/functions/function/invocations", timeout: 30 }
mappings:
  - EventSourceArn: arn:aws:sqs:us-east-1:000000000000:orders
    FunctionName: orders
`

/** A queue and a function in containers of a private network, and Millrace's image run there as a test likes. */
export interface ImageStack {
  readonly yard: Yard
  readonly function: Container
  /** Starts the image; the arguments go before it, those after `--` behind it. */
  millrace(args?: readonly string[], command?: readonly string[]): Promise<Container>
  /** As `millrace`, and waits until it is healthy. */
  healthy(args?: readonly string[], command?: readonly string[]): Promise<Container>
  send(body: string): Promise<void>
  /** Messages of the queue, hidden or not. */
  left(): Promise<number>
  /** Waits until the function has written this line. */
  functionWrote(line: string): Promise<void>
  clear(): Promise<void>
}

export async function startImageStack(): Promise<ImageStack> {
  const yard = await createYard()
  const mount = (from: string, to: string) => `--volume=${from}:${to}:ro`
  const queues = await yard.start(
    'queues',
    ...['--publish=127.0.0.1::4566', mount(join(repository, 'node_modules'), '/opt/node_modules')],
    ...[mount(inside, '/opt/inside'), '--entrypoint=node', 'node:24-slim', '/opt/inside/queues.mjs'],
  )
  const handler = await yard.start(
    'function',
    mount(inside, '/var/task'),
    'public.ecr.aws/lambda/nodejs:24',
    'index.handler',
  )
  await until(
    async () => (await queues.logs()).includes('ready'),
    async () => `the queues are there\n${await queues.logs()}`,
  )
  const port = (await docker('port', queues.id, '4566')).split(':').at(-1)
  const client = new SQSClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    useQueueUrlAsEndpoint: false,
  })
  const QueueUrl = 'http://sqs.us-east-1.localhost:4566/000000000000/orders'
  const millrace = (args: readonly string[] = [], command: readonly string[] = []) =>
    yard.start('millrace', ...queueEnvironment, '--health-interval=300ms', ...args, imageTag, ...command)
  return {
    yard,
    function: handler,
    millrace,
    async healthy(args, command) {
      const container = await millrace(args, command)
      await isHealthy(container)
      return container
    },
    async send(body) {
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }))
    },
    async left() {
      const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))
      const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: hidden } = Attributes ?? {}
      return Number(visible) + Number(hidden)
    },
    functionWrote: (line) =>
      until(
        async () => (await handler.logs()).includes(line),
        async () => `the function writes ${line}\n${await handler.logs()}`,
      ),
    async clear() {
      client.destroy()
      await yard.clear()
    },
  }
}

export async function isHealthy(container: Container): Promise<void> {
  const state = '{{.State.Health.Status}} {{.State.Running}}'
  await until(
    async () => {
      const found = await container.inspect(state)
      if (found.endsWith('false')) throw new Error(`it has ended:\n${await container.logs()}`)
      return found === 'healthy true'
    },
    async () => `the container is healthy\n${await container.logs()}`,
  )
}
