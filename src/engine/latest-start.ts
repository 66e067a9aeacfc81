import { parseArn } from '../model/arn.ts'
import type { KeptLatest, Store } from '../ports.ts'
import type { MappingWork } from './mapping-requests.ts'
import { GivenUp } from '../async/sleep.ts'

/** The longest that a create waits for it. */
const keepMsMax = 5_000

/**
 * A new mapping at LATEST on a source that cannot seek by time: where its shards end now is kept before the create is answered, so
 * that nothing of what is older is read. Where that fails, reading begins at the horizon and skips what is older.
 */
export async function keepLatest({ engine, document, view, learn, log }: MappingWork): Promise<void> {
  // An adopted mapping begins where the upstream may have stopped, not now.
  if (document.parameters.StartingPosition !== 'LATEST' || document.adopted !== undefined) return
  if (view.source.keepLatest === undefined) return
  const { clock, store } = engine.services
  const controller = new AbortController()
  const abort = (): void => controller.abort(new GivenUp('it took too long'))
  const cancelTimer = clock.timer(clock.monoMs() + keepMsMax, abort)
  try {
    const kept = await view.source.keepLatest(controller.signal)
    if (kept === null) return log.info({}, notKept)
    if (parseArn(document.sourceName) === undefined) learn({ sourceArn: kept.arn })
    await passClosed(store, document.uuid, kept)
  } catch (error) {
    log.info({ error }, notKept)
  } finally {
    cancelTimer()
  }
}

const notKept =
  'Where the stream ends now could not be told; it is read from its horizon, and what is older is skipped.'

/** What a closed shard holds is older than the mapping. */
async function passClosed(store: Store, uuid: string, { incarnation, closed }: KeptLatest): Promise<void> {
  const checkpoint = { incarnation, watermark: null, completed: [], window: null, done: true }
  await Promise.all(
    closed.map(async (shardId) => {
      const { fence } = await store.openFlow(uuid, shardId)
      await store.writeCheckpoint(uuid, shardId, fence, checkpoint)
    }),
  )
}
