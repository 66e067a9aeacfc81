/** What the process tells its caller. */
export const exitCode = {
  /** It did what it was asked, and stopped cleanly. */
  ok: 0,
  /** It failed, or had to be cut off, at run time. */
  failed: 1,
  /** It never began: the arguments or the configuration cannot be used. */
  unusable: 2,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** Arguments that make no sense. The message says which, and what would. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Something else than this process said no: the message is for the person at the terminal. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
