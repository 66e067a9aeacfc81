import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// What needs a browser. It is not part of `npm test`, which needs Node and npm alone.
export default defineConfig({
  root: join(import.meta.dirname, '../../..'),
  test: {
    name: 'browser',
    include: ['test/system/browser/**/*.suite.ts'],
    globalSetup: ['test/system/browser/setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: ['verbose'],
  },
})
