/** The life of the process as probes see it; it only goes forward. */
export type HealthPhase = 'starting' | 'ready' | 'draining'

const order: readonly HealthPhase[] = ['starting', 'ready', 'draining']

/**
 * What `/healthz` and `/readyz` answer from. Nothing here waits or asks a backend: a source that is down makes its
 * mapping wait, not the process unready.
 */
export interface Health {
  readonly phase: HealthPhase
  /** New traffic is welcome: between the end of the start and the first moment of a drain. */
  readonly ready: boolean
  /** Goes on to `phase`; a step back is ignored, so that a late end of the start cannot undo a drain. */
  enter(phase: HealthPhase): void
}

export function createHealth(): Health {
  let phase: HealthPhase = 'starting'
  return {
    get phase() {
      return phase
    },
    get ready() {
      return phase === 'ready'
    },
    enter: (next) => {
      if (order.indexOf(next) > order.indexOf(phase)) phase = next
    },
  }
}
