import { parseArn } from '../model/arn.ts'
import type { MappingWork } from './mapping-requests.ts'
import type { FoundSource } from './flow-settings.ts'

/**
 * The stream that a mapping was reading, and that nobody can read any more when it is looked for, has no flow that could say so: its
 * shards are not listed, and those of the next one have other names. So what was left in them is told here.
 */
export async function tellOfVanished(
  { engine, document, isIdle, log }: MappingWork,
  since: string | null,
  found: FoundSource,
): Promise<void> {
  const lives = [...(found.older ?? []), found]
  // A mapping of an ARN has no next stream; a flow that runs finds out by its reads.
  const isNamed = parseArn(document.sourceName) === undefined
  if (!isNamed || !isIdle || since === null || lives.some(({ arn }) => arn === since)) return
  const listed = new Set(lives.flatMap(({ shards }) => shards.map(({ shardId }) => shardId)))
  const kept = await engine.services.store.checkpoints(document.uuid)
  const lost = kept.filter(({ flow, checkpoint }) => !checkpoint.done && !listed.has(flow))
  if (lost.length === 0) return
  const meter = engine.meterOf(document)
  for (const _ of lost) meter.positionLost('recreated')
  log.warn(
    { stream: since, shards: lost.map(({ flow }) => flow) },
    'The stream that the mapping was reading can be read no more; what was left unread in its shards is lost.',
  )
}
