export const sources = ['SQS', 'FIFO', 'Kinesis', 'DynamoDB'] as const
export type Source = (typeof sources)[number]

/** Something that AWS does, in our words. */
export interface Behaviour {
  /** What a test's tag names. */
  readonly id: string
  /** Of behaviour.md, or of the document that is named before it. */
  readonly section: string
  readonly on: readonly Source[]
  readonly says: string
  /** Why Millrace does not do it; null: it does, and a test shows it. */
  readonly notExecuted: string | null
}

export interface Chapter {
  readonly title: string
  readonly behaviours: readonly Behaviour[]
}

export const queues = ['SQS', 'FIFO'] as const satisfies readonly Source[]
export const streams = ['Kinesis', 'DynamoDB'] as const satisfies readonly Source[]

type Row = readonly [id: string, section: string, on: readonly Source[], says: string]

/** Executed, and shown by a test. */
export function does(...[id, section, on, says]: Row): Behaviour {
  return { id, section, on, says, notExecuted: null }
}

/** Left out, with the reason. */
export function leaves([id, section, on, says]: Row, reason: string): Behaviour {
  return { id, section, on, says, notExecuted: reason }
}
