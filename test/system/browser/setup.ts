import type { TestProject } from 'vitest/node'
import { missingChromium } from './chromium.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Why there is no Chromium; empty where there is. */
    readonly chromiumMissing: string
  }
}

export async function setup(project: TestProject): Promise<void> {
  const missing = await missingChromium()
  if (missing !== '') process.stdout.write(`The tests in a browser are skipped: ${missing}.\n`)
  project.provide('chromiumMissing', missing)
}
