import { join } from 'node:path'
import { startBackendProcess } from './backend-process.ts'
import { allAt, type Backend } from './backend.ts'
import { installed } from './install/installed.ts'
import { anyPython } from './install/machine-tools.ts'
import { pythonPackages } from './install/packages.ts'

/** Its Lambda would need Docker: the test serves the functions. */
export const moto: Backend = {
  id: 'moto',
  title: 'moto 5.2',
  scope: 'smoke',
  ci: false,
  sources: ['sqs', 'fifo', 'kinesis', 'dynamodb'],
  functions: 'rie',
  install: () => installed(pythonPackages({ name: 'moto', python: anyPython, packages: ['moto[server]==5.2.*'] })),
  async start(folder) {
    const server = await startBackendProcess((port) => ({
      file: join(folder, 'bin', 'moto_server'),
      args: ['-H', '127.0.0.1', '-p', String(port)],
      cwd: folder,
    }))
    const { endpoint } = server
    return {
      endpoints: allAt(endpoint),
      region: 'us-east-1',
      restart: () => server.restart(),
      stop: () => server.stop(),
    }
  },
}
