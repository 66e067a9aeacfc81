import { describeHolder } from './holder.ts'

/** The store cannot be opened or written; the text says which one, why, and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

/** The result codes of SQLite that are told apart (https://www.sqlite.org/rescode.html). */
const codes = { busy: 5, readOnly: 8, ioError: 10, damaged: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const

/** Why the store cannot be opened, and what to do. */
export function openFailure(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  const options = { cause: error }
  switch (codeOf(error)) {
    case codes.busy:
      return new StoreError(
        `The store ${path} is in use by ${describeHolder(path)}. Stop it, or give --store another path.`,
        options,
      )
    case codes.cannotOpen:
      return new StoreError(
        `The store ${path} cannot be opened: check that ${userName()} may write that file and its directory.`,
        options,
      )
    case codes.readOnly:
      return new StoreError(
        `The store ${path} cannot be written: check its permissions and those of its directory.`,
        options,
      )
    case codes.full:
      return writeFailure(error, path)
    case codes.notADatabase:
      return new StoreError(
        `${path} is not a SQLite database, or its head is damaged. Give --store another path, or put a copy of the store back.`,
        options,
      )
    case codes.ioError:
      return new StoreError(
        `The store ${path} cannot be used: ${textOf(error)}. Check the disk that it lies on.`,
        options,
      )
    default:
      return isOfDatabase(error)
        ? damagedStore(path, textOf(error), options)
        : new StoreError(`The store ${path} cannot be used: ${textOf(error)}.`, options)
  }
}

/** Why a write was refused, and what to do. */
export function writeFailure(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  const advice: Readonly<Record<number, string>> = {
    [codes.full]: ' Free some space on its disk.',
    [codes.readOnly]: ' Check its permissions and those of its directory.',
    [codes.cannotOpen]: ' Check its permissions and those of its directory.',
    [codes.ioError]: ' Check that its disk has room, and that its file and its directory may be written.',
    [codes.damaged]: ' It is damaged: stop Millrace, and put a copy of it back.',
  }
  const what = advice[codeOf(error)] ?? ''
  return new StoreError(`The store ${path} cannot be written: ${textOf(error)}.${what}`, { cause: error })
}

export function damagedStore(path: string, what: string, options?: ErrorOptions): StoreError {
  return new StoreError(
    `The store ${path} is damaged: ${what}. Put a copy of it back, or rescue what can be read with ` +
      `\`sqlite3 ${path} .recover\`. To begin with an empty store, move it away together with ${path}-wal.`,
    options,
  )
}

/** A number that SQLite kept and JavaScript cannot hold was none that we wrote. */
function isOfDatabase(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^ERR_(SQLITE_ERROR|OUT_OF_RANGE)$/.test(String(error.code))
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
}

/** Containers and volumes know users by number. */
function userName(): string {
  const uid = process.getuid?.()
  return uid === undefined ? 'this user' : `user ${uid}`
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
