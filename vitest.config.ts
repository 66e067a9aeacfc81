import { defineConfig } from 'vitest/config'
import WhereTimeGoes from './test/support/where-time-goes.ts'

// npm scripts run on the Node that the repository pins (node_modules/.bin/node). An install without install scripts leaves
// that one out, and everything would silently run on the machine's own, however old.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  throw new Error(
    `Millrace's tests need Node 22.18 or newer, this is Node ${process.versions.node} (${process.execPath}). ` +
      'Run `npm ci` with install scripts allowed, so that the pinned Node is installed, and start the tests with `npm test`.',
  )
}

export default defineConfig({
  test: {
    // Each worker is a process of its own: a test may open ports, files and signal handlers without disturbing others. It runs one
    // file after the other: a process and its imports anew for each took more time than the tests of most. A third worker has
    // what two processors leave while a test waits for a service.
    pool: 'forks',
    isolate: false,
    maxWorkers: 3,
    reporters: ['default', new WhereTimeGoes()],
    testTimeout: 150_000,
    hookTimeout: 150_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    // Nobody can look again at a failure of a machine that is gone. A test that fails twice fails; one that needed its second
    // try is named at the end of the run, to be mended. Seeds are fixed there: what is wrong by its draw fails both times.
    retry: process.env['CI'] === undefined ? 0 : 1,
    setupFiles: ['test/support/property-seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: ['test/**/*.test.ts'],
          exclude: ['test/system/process/**', 'test/**/*.alone.test.ts'],
        },
      },
      // These put another module in the place of one, or weigh their own process: each has a process of its own.
      { extends: true, test: { name: 'alone', include: ['test/**/*.alone.test.ts'], isolate: true } },
      // These run the built file, and build it where it is older than the sources.
      {
        extends: true,
        test: {
          name: 'process',
          include: ['test/system/process/**/*.test.ts'],
          globalSetup: ['test/system/process/build.ts'],
        },
      },
    ],
  },
})
