import type { ScalingConfig } from '../config.ts'

/** How many batches of a queue run at once, and how many receives feed them. */
export interface ScaleState {
  /** The concurrency reached. The AWS policies add what the time since `busySinceMs` grants. */
  flights: number
  /** Ceiling after function errors and throttles; recovers by one with every success. */
  penaltyMax: number
  busySinceMs: number | null
  halvedMs: number
  receives: number
}

/** AWS starts with five concurrent batches (Scaling behavior for SQS event source mappings). */
const flightsAtStart = 5
/** Errors never push a mapping below this (behaviour §11.3). */
const flightsMin = 2
/** A burst of failures that belongs to one cause halves the concurrency once. */
const halvingIntervalMs = 1_000

export function createScale(): ScaleState {
  return {
    flights: flightsAtStart,
    penaltyMax: Number.POSITIVE_INFINITY,
    busySinceMs: null,
    halvedMs: Number.NEGATIVE_INFINITY,
    receives: 1,
  }
}

export function flightsAllowed(scale: ScaleState, scaling: ScalingConfig, nowMs: number): number {
  return Math.max(1, Math.min(curve(scale, scaling, nowMs), scale.penaltyMax, scaling.flightsMax))
}

function curve(scale: ScaleState, scaling: ScalingConfig, nowMs: number): number {
  const perMinute = rampPerMinute(scaling)
  const from = reached(scale, scaling)
  if (perMinute === null || scale.busySinceMs === null) return from
  return from + Math.floor(((nowMs - scale.busySinceMs) * perMinute) / 60_000)
}

/** Pollers that were paid for are there from the first message on. */
function reached(scale: ScaleState, { provisioned }: ScalingConfig): number {
  return Math.max(scale.flights, provisioned?.flightsMin ?? 0)
}

/**
 * The documented ramp: 300 concurrent invocations a minute, 1,000 in provisioned mode; in the text of 2022, which knows no such mode,
 * 60. `eager` has no clock.
 */
function rampPerMinute(scaling: ScalingConfig): number | null {
  switch (scaling.policy) {
    case 'eager':
      return null
    case 'aws':
      return scaling.provisioned === undefined ? 300 : 1_000
    case 'aws-2022':
      return 60
    default:
      return scaling.policy satisfies never
  }
}

/** The moment the ramp grants one more flight, or null when it never will by itself. */
export function nextRampMs(scale: ScaleState, scaling: ScalingConfig, nowMs: number): number | null {
  const perMinute = rampPerMinute(scaling)
  if (perMinute === null || scale.busySinceMs === null) return null
  if (flightsAllowed(scale, scaling, nowMs) < curve(scale, scaling, nowMs)) return null
  const steps = curve(scale, scaling, nowMs) - reached(scale, scaling) + 1
  return scale.busySinceMs + Math.ceil((steps * 60_000) / perMinute)
}

/** Every flight is invoking and receives come back full: there is more work than concurrency. */
export function scaleOnBusy(scale: ScaleState, scaling: ScalingConfig, nowMs: number): void {
  if (scale.busySinceMs === null) scale.busySinceMs = nowMs
  if (scaling.policy !== 'eager') return
  scale.flights = Math.min(reached(scale, scaling) * 2, Math.max(scaling.flightsMax, 1))
}

/**
 * The queue has no message to show: what runs is all the work there is. A long function or a trickle, which leave no moment without
 * a flight, do not keep the concurrency of a burst that is over (behaviour §2.1: it grows while messages remain).
 */
export function scaleOnIdle(scale: ScaleState, inFlight: number): void {
  scale.flights = Math.max(flightsAtStart, inFlight)
  scale.busySinceMs = null
  scale.receives = 1
}

/** A function error or a throttle. Reported partial failures do not come here (behaviour §2.1). */
export function scaleOnTrouble(scale: ScaleState, scaling: ScalingConfig, nowMs: number): void {
  if (nowMs - scale.halvedMs < halvingIntervalMs) return
  scale.halvedMs = nowMs
  scale.penaltyMax = Math.max(flightsMin, Math.floor(flightsAllowed(scale, scaling, nowMs) / 2))
}

export function scaleOnSuccess(scale: ScaleState, scaling: ScalingConfig): void {
  if (scale.penaltyMax === Number.POSITIVE_INFINITY) return
  scale.penaltyMax += 1
  if (scale.penaltyMax >= scaling.flightsMax) scale.penaltyMax = Number.POSITIVE_INFINITY
}

/** A receive came back: full ones ask for more hands, an empty one sends them home. */
export function scaleReceives(
  scale: ScaleState,
  scaling: ScalingConfig,
  received: { count: number; asked: number },
): void {
  if (received.count === 0) scale.receives = 1
  else if (received.count >= received.asked) scale.receives = Math.min(scale.receives * 2, scaling.receivesMax)
}
