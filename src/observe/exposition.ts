import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Registry } from 'prom-client'

/**
 * The text of all metrics, written one metric at a time with a turn of the event loop between two of them, so that deliveries do not wait
 * for the whole of it. Whoever asks while it is being written gets the same text. `begin` is called before the first one.
 */
export function createExposition(
  registry: Registry,
  begin: () => void = () => {},
  breathe: () => Promise<unknown> = () => nextTurn(),
): () => Promise<string> {
  let underWay: Promise<string> | null = null
  const write = async (): Promise<string> => {
    begin()
    const texts: string[] = []
    for (const { name } of registry.getMetricsAsArray()) {
      texts.push(await registry.getSingleMetricAsString(name))
      await breathe()
    }
    return `${texts.join('\n\n')}\n`
  }
  return () =>
    (underWay ??= write().finally(() => {
      underWay = null
    }))
}
