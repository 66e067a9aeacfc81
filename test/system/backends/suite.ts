import type { Backend } from './backend.ts'
import { adoption } from './behaviours/adopt.ts'
import { qualifiedFunctions } from './behaviours/alias.ts'
import { behaviourId, behaviourKey, type Behaviour } from './behaviours/behaviour.ts'
import { dynamoDbStream } from './behaviours/dynamodb.ts'
import { fifoQueue } from './behaviours/fifo-queue.ts'
import { kinesisStream } from './behaviours/kinesis.ts'
import { standardQueue } from './behaviours/standard-queue.ts'
import type { Installed } from './install/installed.ts'
import { startWorld, type StartedWorld } from './world.ts'

export const allBehaviours: readonly Behaviour[] = [
  ...standardQueue,
  ...fifoQueue,
  ...kinesisStream,
  ...dynamoDbStream,
  ...adoption,
  ...qualifiedFunctions,
]

/** One backend and one behaviour. `known`: the backend gets it wrong, and KNOWN.md says how. */
export interface Cell {
  readonly key: string
  readonly outcome: 'ok' | 'known' | 'skipped' | 'failed'
  readonly note: string
  readonly log: readonly string[]
}

export interface Row {
  readonly backend: Backend
  readonly cells: readonly Cell[]
}

export interface SuiteOptions {
  /** Keys of behaviours; undefined: all. */
  readonly only: readonly string[] | undefined
  readonly onCell: (cell: Cell) => void
}

/** Behaviours of one backend that run at once: most of them wait for a visibility timeout most of the time. */
const atOnce = 4

export async function runBackend(backend: Backend, installed: Installed, options: SuiteOptions): Promise<Row> {
  const behaviours = allBehaviours
    .filter(({ source, smoke }) => backend.sources.includes(source) && (backend.scope === 'full' || smoke === true))
    .filter(({ ownFunctions }) => ownFunctions !== true || backend.functions === 'own')
    .filter((behaviour) => options.only?.includes(behaviourKey(behaviour)) ?? true)
  const cells: Cell[] = []
  const settle = (behaviour: Behaviour, outcome: Omit<Cell, 'key'>): void => {
    const cell = { key: behaviourKey(behaviour), ...outcome }
    cells.push(cell)
    options.onCell(cell)
  }
  const skip = (reason: string, those: readonly Behaviour[]): void => {
    for (const each of those) settle(each, { outcome: 'skipped', note: reason, log: [] })
  }
  if (installed.kind === 'absent') {
    skip(installed.reason, behaviours)
    return { backend, cells }
  }
  const unsupported = (behaviour: Behaviour): string | undefined => backend.unsupported?.[behaviourKey(behaviour)]
  for (const each of behaviours) skip(unsupported(each) ?? '', unsupported(each) === undefined ? [] : [each])
  const runnable = behaviours.filter((each) => unsupported(each) === undefined)
  if (runnable.length > 0) await runAll(backend, { folder: installed.folder, runnable, settle })
  return { backend, cells }
}

interface Work {
  readonly folder: string
  readonly runnable: readonly Behaviour[]
  readonly settle: (behaviour: Behaviour, outcome: Omit<Cell, 'key'>) => void
}

async function runAll(backend: Backend, { folder, runnable, settle }: Work): Promise<void> {
  const restarting = runnable.filter(({ name }) => name === 'restart')
  let world: StartedWorld
  try {
    world = await startWorld(backend, folder, {
      functions: runnable.map(behaviourId).flatMap((id) => [id, `${id}-2`]),
      mappings: runnable.flatMap((each) => (each.fileMapping ? [each.fileMapping(behaviourId(each))] : [])),
      restarts: restarting.length,
    })
  } catch (error) {
    for (const each of runnable)
      settle(each, { outcome: 'failed', note: `it did not start: ${wordsOf(error)}`, log: [] })
    return
  }
  const run = async (behaviour: Behaviour): Promise<void> =>
    settle(behaviour, await outcomeOf(backend, behaviour, world))
  try {
    const queue = runnable.filter(({ name }) => name !== 'restart')
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await run(next)
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    await Promise.all(restarting.map(run))
  } finally {
    await world.stop()
  }
}

async function outcomeOf(backend: Backend, behaviour: Behaviour, world: StartedWorld): Promise<Omit<Cell, 'key'>> {
  const id = behaviourId(behaviour)
  let waiting = behaviour.name === 'restart'
  const restarted = (): Promise<void> => {
    waiting = false
    return world.restarted()
  }
  try {
    await behaviour.run({ ...world, restarted }, id)
    return { outcome: 'ok', note: '', log: [] }
  } catch (error) {
    const known = backend.known?.[behaviourKey(behaviour)]
    if (known !== undefined) return { outcome: 'known', note: known, log: [] }
    return { outcome: 'failed', note: wordsOf(error), log: world.logOf(id) }
  } finally {
    if (waiting) world.leaveRestart()
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}` : String(error)
}
