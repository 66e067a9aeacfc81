import type { Checkpoint } from '../model/checkpoint.ts'
import { isStream } from '../model/source.ts'
import type { FlowContext } from './flow-context.ts'
import { lifeToBeginIn } from './flow-life.ts'
import { untilStored } from './until-stored.ts'

/** Where a flow goes on. */
export interface Opening {
  readonly fence: number
  readonly checkpoint: Checkpoint | null
  readonly incarnation: string
}

/** A queue keeps its own progress. A shard is taken over: whoever had it before writes no checkpoint any more. null: it was given up. */
export async function openFlow(context: FlowContext, signal: AbortSignal): Promise<Opening | null> {
  const { services, identity, log, source } = context
  const { incarnation } = identity
  if (!isStream(identity.kind)) return { fence: 0, checkpoint: null, incarnation }
  if (signal.aborted) return null
  const opening = untilStored(
    async () => {
      const { fence, checkpoint } = await services.store.openFlow(identity.uuid, identity.flow)
      return { fence, checkpoint, incarnation: await lifeToBeginIn(source, incarnation, checkpoint, signal) }
    },
    {
      clock: services.clock,
      signal,
      failed: (error) => log.debug({ error }, 'The checkpoint cannot be read; it is tried until it can.'),
    },
  )
  // It rejects for its signal alone.
  return opening.catch(() => null)
}
