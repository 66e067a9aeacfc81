import type { Clock } from '../../../src/ports.ts'

/** The part of a clock that the in-memory sources live by: pass a virtual one to run them on virtual time. */
export type SourceClock = Pick<Clock, 'wallMs' | 'monoMs' | 'timer'>
