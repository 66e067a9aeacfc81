import { join } from 'node:path'
import { startBackendProcess } from './backend-process.ts'
import type { Backend } from './backend.ts'
import { installed, type Installed } from './install/installed.ts'
import { mavenArtifact } from './install/packages.ts'

export function installDynamoDbLocal(): Promise<Installed> {
  return installed(
    mavenArtifact('dynamodb-local', { group: 'com.amazonaws', artifact: 'DynamoDBLocal', version: '2.6.1' }),
  )
}

/** AWS's own, and the reference of how streams behave. */
export const dynamoDbLocal: Backend = {
  id: 'dynamodb-local',
  title: 'DynamoDB Local 2.6.1',
  scope: 'full',
  ci: false,
  sources: ['dynamodb'],
  functions: 'rie',
  install: installDynamoDbLocal,
  async start(folder) {
    const jars = join(folder, 'jars')
    const server = await startBackendProcess((port) => ({
      file: 'java',
      args: [
        `-Djava.library.path=${jars}`,
        '-cp',
        join(jars, '*'),
        'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
        '-inMemory',
        '-port',
        String(port),
      ],
      cwd: folder,
    }))
    return {
      endpoints: { dynamodb: server.endpoint, dynamodbstreams: server.endpoint },
      region: 'us-east-1',
      restart: () => server.restart(),
      stop: () => server.stop(),
    }
  },
}
