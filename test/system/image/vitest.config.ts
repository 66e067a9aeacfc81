import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// What needs a Docker engine. It is not part of `npm test`, which needs Node and npm alone.
export default defineConfig({
  root: join(import.meta.dirname, '../../..'),
  test: {
    name: 'image',
    include: ['test/system/image/**/*.suite.ts', 'test/system/testcontainers/**/*.suite.ts'],
    globalSetup: ['test/system/image/setup.ts'],
    pool: 'forks',
    // One file at a time: starting times are measured.
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: ['verbose'],
  },
})
