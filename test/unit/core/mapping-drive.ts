import { create, deadline, step } from '../../../src/core/mapping/step.ts'
import type { Described, MappingCommand, MappingEvent, MappingPace } from '../../../src/core/mapping/messages.ts'

const pace: MappingPace = {
  relistMs: 30_000,
  lookAgainMs: 100,
  troubleMs: { baseMs: 500, capMs: 5_000 },
  restartMs: { baseMs: 1_000, capMs: 60_000 },
  forgetMs: 3_600_000,
}

/** One life of a source: each shard with its parents. */
export const lifeOf = (incarnation: string, ...shards: readonly [string, ...string[]][]) => ({
  incarnation,
  shards: shards.map(([shardId, ...parentIds]) => ({ shardId, parentIds })),
})

/** Drives a machine by hand: keeps what it asked, answers by kind, moves the clock to its deadline. */
export function drive(isStream: boolean) {
  const machine = create(isStream)
  const open: MappingCommand[] = []
  const log: MappingCommand[] = []
  let nowMs = 0
  const send = (event: MappingEvent): readonly MappingCommand[] => {
    const commands = step(machine, event, pace, { monoMs: nowMs, jitter: 1 })
    open.push(...commands)
    log.push(...commands)
    return commands
  }
  /** The store takes at once what the mapping is attached to. */
  const attached = (): void => {
    for (const command of open) if (command.kind === 'attach') send({ kind: 'attached', id: take('attach').id })
  }
  const take = <Kind extends MappingCommand['kind']>(kind: Kind, flow?: string) => {
    const index = open.findIndex(
      (command) => command.kind === kind && (flow === undefined || ('flow' in command && command.flow === flow)),
    )
    const [command] = index < 0 ? [] : open.splice(index, 1)
    if (command?.kind !== kind)
      throw new Error(`no ${kind} ${flow ?? ''} among ${open.map((each) => each.kind).join()}`)
    return command as Extract<MappingCommand, { kind: Kind }>
  }
  const flows: Record<string, number> = {}
  return {
    machine,
    send,
    take,
    log,
    open: () => open.map((command) => command.kind),
    start: (state: Parameters<typeof begin>[0], enabled = true) => begin(state, enabled),
    attached,
    look: (result: Described) => {
      send({ kind: 'described', id: take('describe').id, result })
      attached()
    },
    list: (incarnation: string, ...shards: readonly [string, ...string[]][]) => {
      send({ kind: 'described', id: take('describe').id, result: { kind: 'found', ...lifeOf(incarnation, ...shards) } })
      attached()
    },
    started: () => {
      const names: string[] = []
      for (let index = open.findIndex((each) => each.kind === 'startFlow'); index >= 0;) {
        const [command] = open.splice(index, 1)
        if (command?.kind === 'startFlow') {
          flows[command.flow] = command.id
          names.push(`${command.flow}:${command.origin}`)
        }
        index = open.findIndex((each) => each.kind === 'startFlow')
      }
      return names
    },
    end: (flow: string, how: 'finished' | 'drained' | 'failed' = 'finished', incarnation = 'one') =>
      send({
        kind: 'flowEnded',
        id: flows[flow] ?? -1,
        end: how === 'finished' ? { how, incarnation } : { how },
      }),
    flowId: (flow: string) => flows[flow],
    toDeadline: () => {
      const dueMs = deadline(machine)
      if (dueMs === null) throw new Error('nothing is due')
      const waitedMs = dueMs - nowMs
      nowMs = Math.max(nowMs, dueMs)
      send({ kind: 'timer' })
      return waitedMs
    },
    pass: (ms: number) => {
      nowMs += ms
      send({ kind: 'timer' })
    },
  }
  function begin(
    state: 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating' | 'Deleting',
    enabled: boolean,
  ) {
    send({ kind: 'start', state, enabled })
    if (open.some((command) => command.kind === 'load')) send({ kind: 'loaded', id: take('load').id, done: [] })
  }
}
