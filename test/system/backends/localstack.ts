import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { join } from 'node:path'
import { startBackendProcess } from './backend-process.ts'
import { allAt, type Backend } from './backend.ts'
import { clientsFor } from './clients.ts'
import { installLocalStack, localStackHome, localStackRoot } from './localstack/install.ts'
import { until } from '../../support/until.ts'

export const localStack: Backend = {
  id: 'localstack',
  title: 'LocalStack 4.14',
  scope: 'full',
  ci: true,
  sources: ['sqs', 'fifo', 'kinesis', 'dynamodb'],
  functions: 'own',
  install: installLocalStack,
  async start(folder) {
    const server = await startBackendProcess((port) => ({
      file: join(folder, 'bin', 'python'),
      args: ['-m', 'localstack.runtime.main'],
      cwd: folder,
      readyPath: '/_localstack/health',
      env: localStackEnvironment(folder, port),
    }))
    const { endpoint } = server
    await untilServicesRun(endpoint)
    return {
      endpoints: { ...allAt(endpoint), lambda: endpoint },
      region: 'us-east-1',
      async restart() {
        await server.restart()
        await untilServicesRun(endpoint)
      },
      stop: () => server.stop(),
    }
  },
}

/** It starts a service with its first request, and answers others with an error meanwhile: Kinesis and DynamoDB are programs of their own. */
async function untilServicesRun(endpoint: string): Promise<void> {
  const { kinesis, dynamodb, destroy } = clientsFor({ kinesis: endpoint, dynamodb: endpoint }, 'us-east-1', endpoint)
  const answers = (call: Promise<unknown>): Promise<boolean> =>
    call.then(
      () => true,
      () => false,
    )
  try {
    await until(() => answers(kinesis.send(new ListStreamsCommand({}))), 'Kinesis runs in LocalStack')
    await until(() => answers(dynamodb.send(new ListTablesCommand({}))), 'DynamoDB runs in LocalStack')
  } finally {
    destroy()
  }
}

function localStackEnvironment(folder: string, port: number): Readonly<Record<string, string>> {
  return {
    HOME: localStackHome(folder),
    FILESYSTEM_ROOT: localStackRoot(folder),
    // Else it takes / for its own wherever it believes to be in a container.
    OVERRIDE_IN_DOCKER: '0',
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    DNS_ADDRESS: '0',
    DISABLE_EVENTS: '1',
    SKIP_SSL_CERT_DOWNLOAD: '1',
    EAGER_SERVICE_LOADING: '0',
    // Else the streams would outlive everything else of it (KNOWN.md).
    KINESIS_PERSISTENCE: '0',
    LAMBDA_RUNTIME_EXECUTOR: 'process',
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  }
}
