import { planAdoption } from '../../../src/core/adoption/plan.ts'
import type {
  AdoptionMode,
  AdoptionStep,
  AdoptionView,
  Declaration,
  Runnable,
  SeenMapping,
} from '../../../src/core/adoption/view.ts'
import type { Adoption, MappingDocument, MappingState } from '../../../src/model/mapping.ts'

export function runnable(uuid: string, batchSize = 10): Runnable {
  const sourceName = `arn:aws:sqs:us-east-1:000000000000:${uuid}`
  const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:orders'
  const parameters = {
    EventSourceArn: sourceName,
    FunctionName: functionArn,
    Enabled: true,
    BatchSize: batchSize,
    MaximumBatchingWindowInSeconds: 0,
    FunctionResponseTypes: [],
  }
  return { kind: 'runnable', sourceName, functionArn, parameters, text: JSON.stringify(parameters) }
}

export const foreign: Declaration = { kind: 'foreign', reason: 'it reads Kafka' }

export function seenMapping(uuid: string, state: SeenMapping['state'], more: Partial<SeenMapping> = {}): SeenMapping {
  return { uuid, state, modifiedMs: 1_000, isSteady: true, declaration: runnable(uuid), ...more }
}

export function ownMapping(uuid: string, state: MappingState, adopted?: Partial<Adoption>): MappingDocument {
  const { parameters, functionArn, sourceName, text } = runnable(uuid)
  return {
    uuid,
    origin: adopted === undefined ? 'api' : 'adopted',
    source: 'sqs',
    sourceName,
    functionArn,
    state,
    stateTransitionReason: 'USER_INITIATED',
    createdMs: 0,
    lastModifiedMs: 0,
    lastProcessingResult: '',
    tags: {},
    parameters: { ...parameters, Enabled: state === 'Enabled' },
    ...(adopted && { adopted: { phase: 'taken', declared: text, upstreamModifiedMs: 1_000, ...adopted } }),
  }
}

export function viewOf(more: Partial<AdoptionView>): AdoptionView {
  return { mode: 'on', upstream: [], ours: [], refused: new Map(), missedBefore: new Set(), ...more }
}

type UpstreamState = 'Enabled' | 'Disabled' | 'Enabling' | 'Disabling'
type Seen = { state: UpstreamState; modifiedMs: number; batchSize: number }

/**
 * One mapping of an upstream and a store, with everything between them that may be lost. An act is a single write: here, or upstream.
 * What the process only remembers dies with it.
 */
export class AdoptionWorld {
  upstream: Seen | null = null
  own: MappingDocument | null = null
  /** Begun here although it was not seen disabled upstream. */
  early = 0
  #nowMs = 1
  #isMade = false
  #missed = new Set<string>()
  #lastModifiedMs: number | null = null
  #refused = new Map<string, number | null>()

  /** What the stack does, straight at the upstream. */
  stack(deed: 'create' | 'createDisabled' | 'enable' | 'update' | 'delete'): void {
    this.#nowMs += 1
    if (deed === 'delete') this.upstream = null
    else if (deed === 'create' || deed === 'createDisabled') {
      const state = deed === 'create' ? 'Enabled' : 'Disabled'
      // One that is made anew has a UUID of its own.
      if (!this.#isMade) this.upstream = { state, modifiedMs: this.#nowMs, batchSize: 10 }
      this.#isMade = true
    } else if (this.upstream !== null) {
      this.upstream.modifiedMs = this.#nowMs
      if (deed === 'enable') this.upstream.state = 'Enabled'
      else this.upstream.batchSize = (this.upstream.batchSize % 10) + 1
    }
  }

  /** Transitions end, there and here. */
  settle(): void {
    if (this.upstream?.state === 'Disabling') this.upstream.state = 'Disabled'
    if (this.upstream?.state === 'Enabling') this.upstream.state = 'Enabled'
    if (this.own === null) return
    if (this.own.state === 'Deleting') this.own = null
    else this.own = { ...this.own, state: this.own.parameters.Enabled ? 'Enabled' : 'Disabled' }
  }

  crash(): void {
    this.#lastModifiedMs = null
    this.#missed = new Set()
    this.#refused = new Map()
  }

  /** One look, of which only so many acts come to be. `obeys` false: the upstream does nothing, and its answer is lost. */
  look(mode: AdoptionMode, actsMax = Infinity, obeys = true): readonly AdoptionStep[] {
    const upstream = this.#seen()
    const ours = this.own === null ? [] : [this.own]
    const steps = planAdoption({ mode, upstream, ours, refused: this.#refused, missedBefore: this.#missed })
    this.#missed = new Set(upstream.length === 0 ? ours.map(({ uuid }) => uuid) : [])
    for (const step of steps.slice(0, actsMax)) this.#act(step, obeys)
    return steps
  }

  #seen(): readonly SeenMapping[] {
    if (this.upstream === null) return []
    const { state, modifiedMs, batchSize } = this.upstream
    const shown = state === 'Enabled' || state === 'Disabled' ? state : 'moving'
    const isSteady = this.#lastModifiedMs === modifiedMs
    this.#lastModifiedMs = modifiedMs
    return [{ uuid: 'a', state: shown, modifiedMs, isSteady, declaration: runnable('a', batchSize) }]
  }

  #act(step: AdoptionStep, obeys: boolean): void {
    switch (step.kind) {
      case 'adopt':
        this.own = { ...ownMapping('a', 'Disabled', step.adopted), parameters: disabled(step.declaration) }
        return
      case 'note':
        if (this.own !== null) this.own = { ...this.own, adopted: step.adopted }
        return
      case 'switch':
        if (this.upstream === null || !obeys) return
        this.#nowMs += 1
        this.upstream.modifiedMs = this.#nowMs
        this.upstream.state = step.enabled ? 'Enabling' : 'Disabling'
        return
      case 'change':
        return this.#change(step)
      case 'remove':
        if (this.own !== null) this.own = { ...this.own, state: 'Deleting' }
        return
      case 'tell':
      case 'wait':
        return
      default:
        step satisfies never
    }
  }

  #change({ declaration, enabled, adopted }: Extract<AdoptionStep, { kind: 'change' }>): void {
    if (this.own === null) return
    if (enabled && this.own.state !== 'Enabled' && this.upstream?.state !== 'Disabled') this.early += 1
    const parameters = { ...(declaration?.parameters ?? this.own.parameters), Enabled: enabled }
    this.own = { ...this.own, parameters, adopted, state: enabled ? 'Enabling' : 'Disabling' }
  }
}

function disabled({ parameters }: Runnable): MappingDocument['parameters'] {
  return { ...parameters, Enabled: false }
}
