import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  type EventSourceMappingConfiguration,
  type LambdaClient,
} from '@aws-sdk/client-lambda'
import { clientsFor } from './clients.ts'
import { makeHome, startMillrace, type MillraceProcess } from './millrace-process.ts'
import { until } from '../../support/until.ts'

/** A backend with mappings of its own, and a Millrace that adopts them. */
export interface AdoptionSite {
  /** The mappings of the backend, as CloudFormation inside it uses them. */
  readonly upstream: LambdaClient
  /** Creates a mapping at the backend and waits until the backend polls for it. */
  declare(input: CreateEventSourceMappingCommandInput): Promise<string>
  /** Starts Millrace, or stops it and starts it anew on the same store. */
  restart(mode: '--adopt' | '--adopt=undo'): Promise<AdoptingMillrace>
}

export interface AdoptingMillrace {
  readonly lambda: LambdaClient
  /** How many records it has sent to the mapping's function since it was started. */
  invokedRecords(uuid: string): Promise<number>
}

interface Place {
  readonly endpoints: Parameters<typeof clientsFor>[0]
  readonly region: string
  /** The same, as the config file says it. */
  readonly aws: object
}

export async function withAdoption(
  { endpoints, region, aws }: Place,
  action: (site: AdoptionSite) => Promise<void>,
): Promise<void> {
  const { lambda: upstream, destroy } = clientsFor(endpoints, region, endpoints.lambda ?? '')
  const home = await makeHome()
  const declared: string[] = []
  let running: { readonly millrace: MillraceProcess; destroy(): void } | undefined
  const stop = async (): Promise<void> => {
    running?.destroy()
    await running?.millrace.stop()
    running = undefined
  }
  try {
    await action({
      upstream,
      async declare(input) {
        const { UUID: uuid = '' } = await upstream.send(new CreateEventSourceMappingCommand(input))
        declared.push(uuid)
        await untilShown(upstream, uuid, 'Enabled at the backend', ({ State }) => State === 'Enabled')
        return uuid
      },
      async restart(mode) {
        await stop()
        const millrace = await startMillrace({ aws, logLevel: 'info' }, { flags: [mode], home })
        const clients = clientsFor({}, region, millrace.endpoint)
        running = { millrace, destroy: () => clients.destroy() }
        return {
          lambda: clients.lambda,
          invokedRecords: (uuid) => invokedRecords(millrace.endpoint, uuid),
        }
      },
    })
  } finally {
    await stop()
    for (const UUID of declared) await upstream.send(new DeleteEventSourceMappingCommand({ UUID })).catch(() => {})
    destroy()
    await home.remove()
  }
}

/** The mapping as this endpoint shows it; undefined where it has none. */
async function shown(lambda: LambdaClient, uuid: string): Promise<EventSourceMappingConfiguration | undefined> {
  try {
    return await lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }))
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
    throw error
  }
}

export async function untilShown(
  lambda: LambdaClient,
  uuid: string,
  what: string,
  condition: (mapping: EventSourceMappingConfiguration) => boolean,
): Promise<void> {
  let seen: EventSourceMappingConfiguration | undefined
  await until(
    async () => {
      seen = await shown(lambda, uuid)
      return seen !== undefined && condition(seen)
    },
    () => `the mapping is ${what} (it is ${seen?.State}, BatchSize ${seen?.BatchSize})`,
  )
}

export async function untilNotShown(lambda: LambdaClient, uuid: string, where: string): Promise<void> {
  await until(async () => (await shown(lambda, uuid)) === undefined, `the mapping is gone ${where}`)
}

async function invokedRecords(endpoint: string, uuid: string): Promise<number> {
  const text = await (await fetch(`${endpoint}/metrics`)).text()
  const line = text
    .split('\n')
    .find((each) => each.startsWith('millrace_invoked_events_total{') && each.includes(`mapping="${uuid}"`))
  return Number(line?.split(' ').at(-1) ?? 0)
}
