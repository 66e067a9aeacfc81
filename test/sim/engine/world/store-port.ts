import type { Store } from '../../../../src/ports.ts'
import type { Process } from './process.ts'
import { call } from './wire.ts'
import type { World } from './world.ts'

/** The store, shared by all processes of a run: it is what survives them. Slow now and then, and refusing. */
export function openStore(world: World, process: Process): Store {
  const { store, scenario } = world
  const { number } = process
  const send = <T>(action: () => Promise<T>): Promise<T> => {
    const isSlow = world.goesWrong(scenario.faults.storeSlow)
    const refuses = world.goesWrong(scenario.faults.storeRefused)
    const wayMs = isSlow ? world.prng.int(100, 1_000) : world.prng.int(1, 5)
    return call(world, process, () => (refuses ? Promise.reject(new Error('The store is busy.')) : action()), { wayMs })
  }
  /** Only the process that holds the store may change mappings; fences are what keeps checkpoints. */
  const asHolder = <T>(action: () => Promise<T>): Promise<T> =>
    send(() => (process.zombie ? Promise.reject(new Error('The store is held by another process.')) : action()))

  return {
    mappings: () => send(() => store.mappings()),
    findings: () => store.findings(),
    putMapping: (document) =>
      asHolder(async () => {
        await store.putMapping(document)
        const { uuid, state, parameters } = document
        const name = parameters.FunctionName.split(':')[0] ?? ''
        world.mappingOf.set(name, uuid)
        world.note({ kind: 'stored', process: number, uuid, state })
      }),
    deleteMapping: (uuid) =>
      asHolder(async () => {
        await store.deleteMapping(uuid)
        world.note({ kind: 'stored', process: number, uuid, state: null })
      }),
    openFlow: (uuid, flow) =>
      send(async () => {
        const opened = await store.openFlow(uuid, flow)
        world.note({ kind: 'session', process: number, uuid, flow, fence: opened.fence })
        return opened
      }),
    async writeCheckpoint(uuid, flow, fence, checkpoint) {
      const answerLost = world.goesWrong(scenario.faults.storeRefused / 2)
      return send(async () => {
        const answer = await store.writeCheckpoint(uuid, flow, fence, checkpoint)
        world.note({ kind: 'written', process: number, uuid, flow, fence, checkpoint, answer, told: !answerLost })
        if (answerLost) throw new Error('The store did not say whether it has written.')
        return answer
      })
    },
    checkpoints: (uuid) => send(() => store.checkpoints(uuid)),
    deleteCheckpoint: (uuid, flow) => asHolder(() => store.deleteCheckpoint(uuid, flow)),
    probe: () => asHolder(() => store.probe()),
    close: () => Promise.resolve(),
  }
}
