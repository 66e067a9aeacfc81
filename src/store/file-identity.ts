import { statSync } from 'node:fs'
import { StoreError, textOf } from './store-error.ts'

/**
 * Throws when the name of the store no longer leads to the file that was opened. An open file outlives its name: whatever is
 * written into one that was removed or replaced goes with this process.
 */
export function watchIdentity(path: string): () => void {
  const opened = statSync(path, { bigint: true })
  return () => {
    const problem = problemOf(path, opened)
    if (problem === null) return
    throw new StoreError(
      `The store ${path} cannot be written: ${problem}. ` +
        'Put the file back where it was, or stop Millrace: what it has learned since is not kept.',
    )
  }
}

function problemOf(path: string, opened: { readonly dev: bigint; readonly ino: bigint }): string | null {
  try {
    const now = statSync(path, { bigint: true })
    const isSame = now.ino === opened.ino && now.dev === opened.dev
    return isSame ? null : 'another file was put in its place'
  } catch (error) {
    return `the file was removed or moved (${textOf(error)})`
  }
}
