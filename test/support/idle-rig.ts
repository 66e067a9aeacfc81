import { IdleSweep, type IdleDeps, type IdleQuestion } from '../../src/api/idle-sweep.ts'
import type { Registry } from '../../src/engine/registry.ts'
import type { Clock, Source } from '../../src/ports.ts'

/** What is asked for all mappings, without limit of time that matters. */
export function questionOf(registry: Registry, more: Partial<IdleQuestion> = {}): IdleQuestion {
  const question = {
    mappings: () => registry.list(),
    ignore: new Set([]),
    quietMs: null,
    timeoutMs: 60_000,
    key: '',
    ...more,
  }
  return { ...question, key: JSON.stringify([[...question.ignore], question.quietMs]) }
}

/** The sweep over a registry and the one source behind its mappings. Counts the looks. */
export function sweepOver(
  registry: Registry,
  source: Pick<Source, 'depth' | 'describe'>,
  clock: Pick<Clock, 'monoMs' | 'timer'>,
  more: Partial<IdleDeps> = {},
) {
  const looks = { count: 0 }
  const deps: IdleDeps = {
    rest: (uuid) => registry.rest(uuid),
    mappings: registry,
    health: { notReady: () => [] },
    clock,
    others: () => ({ count: 0, activity: 0, activeMs: 0 }),
    queueDepth: (_, signal) => {
      looks.count += 1
      return source.depth(signal)
    },
    checkSource: (_, signal) => {
      looks.count += 1
      return source.describe(signal)
    },
    ...more,
  }
  return { sweep: new IdleSweep(deps), looks, deps }
}
