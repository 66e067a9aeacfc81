import { startBackendProcess } from './backend-process.ts'
import type { Backend } from './backend.ts'
import { installed } from './install/installed.ts'
import { mavenArtifact } from './install/packages.ts'

const starter = `import org.elasticmq.rest.sqs.SQSRestServerBuilder;

class Start {
  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    SQSRestServerBuilder.withPort(port).withInterface("127.0.0.1").start().waitUntilStarted();
    Thread.currentThread().join();
  }
}
`

export const elasticMq: Backend = {
  id: 'elasticmq',
  title: 'ElasticMQ 1.6.14',
  scope: 'full',
  ci: false,
  sources: ['sqs', 'fifo'],
  functions: 'rie',
  install: () =>
    installed(
      mavenArtifact(
        'elasticmq',
        { group: 'org.elasticmq', artifact: 'elasticmq-rest-sqs_2.13', version: '1.6.14' },
        { 'Start.java': starter },
      ),
    ),
  async start(folder) {
    const server = await startBackendProcess((port) => ({
      file: 'java',
      args: ['-cp', 'jars/*', 'Start.java', String(port)],
      cwd: folder,
    }))
    return {
      endpoints: { sqs: server.endpoint },
      region: 'us-east-1',
      restart: () => server.restart(),
      stop: () => server.stop(),
    }
  },
}
