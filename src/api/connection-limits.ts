/** How long senders may take, and how many there may be: slow ones do not hold sockets for ever. */
export interface ConnectionLimits {
  /** Head and whole of a request have this long to arrive. */
  readonly headMsMax: number
  readonly requestMsMax: number
  /** How often what is late is looked for. */
  readonly lateCheckMs: number
  /** Idle ones too; what comes beyond is closed at once. */
  readonly connectionsMax: number
}

export const connectionLimits: ConnectionLimits = {
  headMsMax: 10_000,
  requestMsMax: 120_000,
  lateCheckMs: 2_000,
  connectionsMax: 4_000,
}
