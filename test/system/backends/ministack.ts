import { join } from 'node:path'
import { startBackendProcess } from './backend-process.ts'
import { allAt, type Backend } from './backend.ts'
import { installed } from './install/installed.ts'
import { anyPython } from './install/machine-tools.ts'
import { pythonPackages } from './install/packages.ts'

export const miniStack: Backend = {
  id: 'ministack',
  title: 'MiniStack 1.5',
  scope: 'full',
  ci: true,
  sources: ['sqs', 'fifo', 'kinesis', 'dynamodb'],
  functions: 'own',
  known: { 'kinesis/reshard': 'a split removes the parent shard with the records it held' },
  install: () => installed(pythonPackages({ name: 'ministack', python: anyPython, packages: ['ministack==1.5.*'] })),
  async start(folder) {
    const server = await startBackendProcess((port) => ({
      file: join(folder, 'bin', 'ministack'),
      args: [],
      cwd: folder,
      readyPath: '/_ministack/health',
      env: {
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      },
    }))
    const { endpoint } = server
    return {
      endpoints: { ...allAt(endpoint), lambda: endpoint },
      region: 'us-east-1',
      restart: () => server.restart(),
      stop: () => server.stop(),
    }
  },
}
