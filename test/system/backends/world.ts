import { CreateFunctionCommand, DeleteFunctionCommand, GetFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda'
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startFauxqs } from 'fauxqs'
import { withAdoption, type AdoptionSite } from './adopting.ts'
import { freePort } from '../../support/free-port.ts'
import type { Backend, RunningBackend } from './backend.ts'
import { clientsFor, nowhere, type Clients } from './clients.ts'
import { startScriptedFunctions, warmUpEvent, type ScriptedFunction } from './functions/scripted-functions.ts'
import { zipOf } from './functions/zip.ts'
import { startMillrace } from './millrace-process.ts'
import { until } from '../../support/until.ts'

/** A backend with Millrace in front of it, as one behaviour sees them. */
export interface World {
  readonly clients: Clients
  readonly region: string
  /** A function that a mapping can name: it runs in the backend where that runs functions, else in the test. */
  function(name: string): Promise<ScriptedFunction>
  /** Creates the mapping through Millrace, waits until it is enabled, and deletes it whatever `action` does. */
  withMapping(input: MappingInput, action: (uuid: string) => Promise<void>): Promise<void>
  /** With a second Millrace, which adopts what the backend has itself. One at a time: it would adopt the other's as well. */
  withAdoption(action: (site: AdoptionSite) => Promise<void>): Promise<void>
  stateOf(uuid: string): Promise<string | undefined>
  /** Waits until Millrace holds no record of the mapping: what it has read is acknowledged, or back with the source. */
  untilIdle(uuid: string): Promise<void>
  /** What Millrace has written that names this text. */
  logOf(text: string): readonly string[]
  /** Restarts the backend once everybody who is to see it is here. */
  restarted(): Promise<void>
}

export type MappingInput = Omit<CreateEventSourceMappingCommandInput, 'FunctionName'> & {
  readonly FunctionName: string
}

export interface StartedWorld extends World {
  /** One who will never ask for the restart is not waited for. */
  leaveRestart(): void
  stop(): Promise<void>
}

/** Seconds; shorter than the queues' visibility, as AWS demands. Neither ever ends, however busy the machine is: the behaviours show messages again themselves. */
const functionTimeoutS = 60
export const visibilityS = 120

export interface WorldPlan {
  /** The functions that will be asked for. */
  readonly functions: readonly string[]
  /** Mappings of the config file. */
  readonly mappings: readonly Readonly<Record<string, unknown>>[]
  /** How many behaviours will wait for the restart. */
  readonly restarts: number
}

export async function startWorld(backend: Backend, folder: string, plan: WorldPlan): Promise<StartedWorld> {
  const stops: (() => Promise<void> | void)[] = []
  const stop = async (): Promise<void> => {
    for (const each of stops.toReversed()) await each()
  }
  try {
    const running = await backend.start(folder)
    stops.push(() => running.stop())
    const functions = await startScriptedFunctions()
    stops.push(() => functions.close())
    const endpoints = { ...(await companion(backend, stops)), ...running.endpoints }
    const aws = { region: running.region, account: '000000000000', endpoints: allEndpoints(endpoints) }
    const millrace = await startMillrace({
      aws,
      logLevel: 'info',
      ...(backend.functions === 'rie' && {
        functions: Object.fromEntries(
          plan.functions.map((name) => [
            name,
            { url: functions.invokeUrl(name), timeout: functionTimeoutS, concurrencyPerUrl: 20 },
          ]),
        ),
      }),
      mappings: plan.mappings,
    })
    stops.push(() => millrace.stop())
    const clients = clientsFor(endpoints, running.region, millrace.endpoint)
    stops.push(() => clients.destroy())
    const barrier = restartBarrier(plan.restarts, running)
    return {
      clients,
      region: running.region,
      async function(name) {
        if (backend.functions === 'own') {
          await createFunction(clients, name, functions.controlUrl(name))
          await warmUp(clients, name)
        }
        return functions.of(name)
      },
      withMapping: (input, action) => withMapping(clients, input, action),
      withAdoption: inTurn((action) => withAdoption({ endpoints, region: running.region, aws }, action)),
      stateOf: (uuid) => stateOf(clients, uuid),
      untilIdle: (uuid) => untilIdle(millrace.endpoint, uuid),
      logOf: (text) => millrace.log().filter((line) => line.includes(text)),
      restarted: barrier.arrive,
      leaveRestart: barrier.leave,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A backend of streams alone lets others take the failed ones: queues, topics and buckets of fauxqs. */
async function companion(
  backend: Backend,
  stops: (() => Promise<void> | void)[],
): Promise<RunningBackend['endpoints']> {
  if (backend.sources.includes('sqs')) return {}
  const port = await freePort()
  const server = await startFauxqs({ host: '127.0.0.1', port, logger: false })
  stops.push(() => server.stop())
  const endpoint = `http://127.0.0.1:${port}`
  return { sqs: endpoint, sns: endpoint, s3: endpoint }
}

function allEndpoints(known: RunningBackend['endpoints']): RunningBackend['endpoints'] {
  const services = ['sqs', 'sns', 's3', 'kinesis', 'dynamodb', 'dynamodbstreams', 'lambda'] as const
  return Object.fromEntries(services.map((service) => [service, known[service] ?? nowhere]))
}

function inTurn<T>(call: (argument: T) => Promise<void>): (argument: T) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return (argument) => {
    const turn = last.then(() => call(argument))
    last = turn.catch(() => {})
    return turn
  }
}

function restartBarrier(expected: number, running: RunningBackend) {
  const restarted = Promise.withResolvers<void>()
  restarted.promise.catch(() => {})
  let missing = expected
  const oneLess = (): void => {
    missing -= 1
    if (missing === 0) running.restart().then(restarted.resolve, restarted.reject)
  }
  return {
    arrive: (): Promise<void> => {
      oneLess()
      return restarted.promise
    },
    leave: oneLess,
  }
}

const handler = readFileSync(join(import.meta.dirname, 'functions/handler.py'), 'utf8')

/** Through Millrace's port, as a person would who has pointed the Lambda endpoint there. */
async function createFunction({ lambda }: Clients, name: string, controlUrl: string): Promise<void> {
  await lambda.send(new DeleteFunctionCommand({ FunctionName: name })).catch(() => {})
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'python3.13',
      Role: 'arn:aws:iam::000000000000:role/millrace',
      Handler: 'handler.handler',
      Timeout: functionTimeoutS,
      Code: { ZipFile: zipOf('handler.py', handler) },
      Environment: { Variables: { CONTROL_URL: controlUrl } },
    }),
  )
  let state: string | undefined
  await until(
    async () => {
      const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: name }))
      state = Configuration?.State
      return state === 'Active' || state === undefined
    },
    () => `function ${name} is active (it is ${state})`,
  )
}

/** Its first invocation loads the code; behaviours are about what comes after. It goes through Millrace's port, too. */
async function warmUp({ lambda }: Clients, name: string): Promise<void> {
  const { StatusCode, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(warmUpEvent) }),
  )
  if (StatusCode !== 200 || FunctionError !== undefined)
    throw new Error(`${name} answers ${StatusCode} ${FunctionError}`)
}

async function withMapping(
  clients: Clients,
  input: MappingInput,
  action: (uuid: string) => Promise<void>,
): Promise<void> {
  const { UUID: uuid = '' } = await clients.lambda.send(new CreateEventSourceMappingCommand(input))
  try {
    let state: string | undefined
    await until(
      async () => {
        state = await stateOf(clients, uuid)
        return state === 'Enabled'
      },
      () => `the mapping is enabled (it is ${state})`,
    )
    await action(uuid)
  } finally {
    await clients.lambda.send(new DeleteEventSourceMappingCommand({ UUID: uuid })).catch(() => {})
  }
  await until(async () => (await stateOf(clients, uuid)) === undefined, 'the mapping is gone')
}

async function stateOf({ lambda }: Clients, uuid: string): Promise<string | undefined> {
  try {
    return (await lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }))).State
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
    throw error
  }
}

async function untilIdle(endpoint: string, uuid: string): Promise<void> {
  let held: readonly number[] = []
  await until(
    async () => {
      const response = await fetch(`${endpoint}/_millrace/mappings/${uuid}`)
      const { flows } = (await response.json()) as { readonly flows: readonly { readonly held: number }[] }
      held = flows.map((flow) => flow.held)
      return held.every((count) => count === 0)
    },
    () => `Millrace holds nothing (${held.join(', ')} records)`,
  )
}
