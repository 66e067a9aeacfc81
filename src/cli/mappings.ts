import { queueArnOfUrl } from '../model/queue-url.ts'
import { clientFor, endpointHelp, onlyPositional } from './client-options.ts'
import type { Command, CommandContext } from './command.ts'
import { exitCode, UsageError, type ExitCode } from './exit-code.ts'
import { mappingFlagRows, readMappingArguments, type MappingArguments } from './mapping-flags.ts'
import type { RestClient } from './rest-client.ts'
import { table, type Terminal } from './terminal.ts'

const mappingsPath = '/2015-03-31/event-source-mappings'

/** What the commands read of a mapping; the rest is passed on as it came. */
interface MappingConfiguration {
  readonly UUID: string
  readonly State: string
  readonly EventSourceArn?: string
  readonly FunctionArn: string
  readonly BatchSize?: number
}

export const mappingsCommand: Command = {
  name: 'mappings',
  synopsis: 'list|get|create|update|delete [UUID] [options]',
  summary: 'List, make, change and remove mappings of a running Millrace',
  help: () => [
    '  list               all mappings; --event-source-arn and --function-name narrow the list',
    '  get UUID           one mapping',
    '  create             needs --event-source-arn and --function-name',
    '  update UUID        changes what is named, keeps the rest',
    '  delete UUID        finishes what is in flight, then forgets the mapping and its position',
    '',
    endpointHelp,
    '  --json             a list as JSON, not as a table',
    '',
    'Parameters, as in the AWS CLI:',
    ...table(mappingFlagRows()),
  ],
  run: runMappings,
}

async function runMappings({ argv, env, terminal }: CommandContext): Promise<ExitCode> {
  const [action, ...rest] = argv
  const args = readMappingArguments(rest)
  refuseUrl(args.parameters['EventSourceArn'], env)
  const client = clientFor(args.endpoint, env)
  switch (action ?? '') {
    case 'list':
      await list(client, args, terminal)
      break
    case 'get':
      print(terminal, await client.get(pathOf(args)))
      break
    case 'create':
      print(terminal, await client.send('POST', mappingsPath, requireBoth(args.parameters)))
      break
    case 'update':
      print(terminal, await client.send('PUT', pathOf(args), args.parameters))
      break
    case 'delete':
      print(terminal, await client.send('DELETE', pathOf(args)))
      break
    default:
      throw new UsageError(
        `${['millrace mappings', ...(action === undefined ? [] : [action])].join(' ')}: say list, get, create, update or delete`,
      )
  }
  return exitCode.ok
}

/** Every page of the listing. */
async function listMappings(
  client: RestClient,
  filter: Readonly<Record<string, unknown>> = {},
): Promise<readonly MappingConfiguration[]> {
  const found: MappingConfiguration[] = []
  for (let marker: string | undefined = ''; marker !== undefined;) {
    const query = new URLSearchParams({ ...(marker !== '' && { Marker: marker }) })
    for (const [name, value] of Object.entries(filter)) query.set(name, String(value))
    const page = (await client.getWith('EventSourceMappings', `${mappingsPath}?${query.toString()}`)) as {
      readonly EventSourceMappings: readonly MappingConfiguration[]
      readonly NextMarker?: string
    }
    found.push(...page.EventSourceMappings)
    marker = page.NextMarker || undefined
  }
  return found
}

async function list(client: RestClient, args: MappingArguments, terminal: Terminal): Promise<void> {
  const mappings = await listMappings(client, args.parameters)
  if (args.json) {
    print(terminal, { EventSourceMappings: mappings })
    return
  }
  if (mappings.length === 0) {
    terminal.out('No mappings.')
    return
  }
  const rows = mappings.map((mapping) => [
    mapping.UUID,
    mapping.State,
    mapping.EventSourceArn ?? '-',
    mapping.FunctionArn,
    String(mapping.BatchSize ?? '-'),
  ])
  for (const line of table([['UUID', 'STATE', 'SOURCE', 'FUNCTION', 'BATCH'], ...rows])) terminal.out(line)
}

function pathOf(args: MappingArguments): string {
  return `${mappingsPath}/${encodeURIComponent(onlyPositional(args.positionals, 'UUID'))}`
}

/** The API would answer with the pattern of an ARN. */
function refuseUrl(source: unknown, env: CommandContext['env']): void {
  if (typeof source !== 'string') return
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1'
  const arn = queueArnOfUrl(source, { region, account: '000000000000' })
  if (arn === undefined) return
  throw new UsageError(`--event-source-arn ${source}: the URL of a queue. A mapping takes its ARN: ${arn}`)
}

function requireBoth(parameters: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  for (const [name, flag] of [
    ['EventSourceArn', '--event-source-arn'],
    ['FunctionName', '--function-name'],
  ] as const) {
    if (parameters[name] === undefined) throw new UsageError(`millrace mappings create needs ${flag}`)
  }
  return parameters
}

function print(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value, null, 2))
}
