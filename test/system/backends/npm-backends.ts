import { dirname, join } from 'node:path'
import { startFauxqs } from 'fauxqs'
import { freePort } from '../../support/free-port.ts'
import { startBackendProcess, type BackendCommand } from './backend-process.ts'
import { nothingToInstall, type Backend, type RunningBackend } from './backend.ts'
import { installed } from './install/installed.ts'
import { npmPackages } from './install/packages.ts'
import { findDynoxide } from '../../support/sources/dynoxide.ts'
import { kinesisLocalCommand } from '../../support/sources/kinesis-local.ts'

const region = 'us-east-1'

/** Queues, topics and buckets in this process. A restart forgets everything, as its own program does. */
export const fauxqs: Backend = {
  id: 'fauxqs',
  title: 'fauxqs 2.4.1',
  scope: 'full',
  ci: true,
  sources: ['sqs', 'fifo'],
  functions: 'rie',
  install: nothingToInstall,
  async start() {
    const port = await freePort()
    const start = () => startFauxqs({ host: '127.0.0.1', port, logger: false })
    let server = await start()
    const endpoint = `http://127.0.0.1:${port}`
    return {
      endpoints: { sqs: endpoint, sns: endpoint, s3: endpoint },
      region,
      async restart() {
        await server.stop()
        server = await start()
      },
      stop: () => server.stop(),
    }
  },
}

export const kinesisLocal: Backend = {
  id: 'kinesis-local',
  title: 'kinesis-local 0.6.2',
  scope: 'full',
  ci: true,
  sources: ['kinesis'],
  functions: 'rie',
  install: nothingToInstall,
  start: async () => serving(['kinesis'], await kinesisLocalCommand()),
}

/** The old dialect: no StreamARN, no ChildShards. */
export const kinesalite: Backend = {
  id: 'kinesalite',
  title: 'kinesalite 3.3.3',
  scope: 'smoke',
  ci: true,
  sources: ['kinesis'],
  functions: 'rie',
  install: () => installed(npmPackages('kinesalite', ['kinesalite@3.3.3'])),
  start: (folder) =>
    serving(['kinesis'], (port) => ({
      file: process.execPath,
      args: [
        join(folder, 'node_modules/kinesalite/cli.js'),
        ...['--port', String(port), '--createStreamMs', '10', '--deleteStreamMs', '10', '--updateStreamMs', '10'],
      ],
    })),
}

export const dynoxide: Backend = {
  id: 'dynoxide',
  title: 'dynoxide 1.2.1',
  scope: 'smoke',
  ci: true,
  sources: ['dynamodb'],
  functions: 'rie',
  install() {
    const found = findDynoxide()
    if ('absent' in found) return Promise.resolve({ kind: 'absent', reason: found.absent })
    return Promise.resolve({ kind: 'ready', folder: dirname(found.file) })
  },
  start: (folder) =>
    serving(['dynamodb', 'dynamodbstreams'], (port) => ({
      file: join(folder, 'dynoxide'),
      args: ['-p', String(port)],
    })),
}

async function serving(
  services: readonly (keyof RunningBackend['endpoints'])[],
  command: (port: number) => BackendCommand,
): Promise<RunningBackend> {
  const server = await startBackendProcess(command)
  return {
    endpoints: Object.fromEntries(services.map((service) => [service, server.endpoint])),
    region,
    restart: () => server.restart(),
    stop: () => server.stop(),
  }
}
