import type { Checkpoint } from '../model/checkpoint.ts'
import type { Source } from '../ports.ts'

/**
 * The life of the stream that a flow begins in. With a checkpoint of another life than the listing's, either of them may be the
 * older one. What cannot be seen now is told by the reads.
 */
export async function lifeToBeginIn(
  source: Source,
  listed: string,
  checkpoint: Checkpoint | null,
  signal: AbortSignal,
): Promise<string> {
  if (signal.aborted || checkpoint === null || checkpoint.incarnation === listed) return listed
  const now = await source.describe(signal).catch(() => null)
  if (now?.kind !== 'found' || now.older?.some(({ incarnation }) => incarnation === listed) === true) return listed
  return now.incarnation
}
