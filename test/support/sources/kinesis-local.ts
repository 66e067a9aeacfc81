import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { freePort } from '../free-port.ts'
import { startChildService } from './child-service.ts'
import type { ChildCommand, ChildService } from './child-service.ts'

/** kinesis-local as a child process. */
export async function startKinesisLocal(): Promise<ChildService> {
  return startChildService(await kinesisLocalCommand())
}

/** Without the half seconds that it pretends to need for everything. */
export async function kinesisLocalCommand(): Promise<(port: number) => ChildCommand> {
  const folder = dirname(createRequire(import.meta.url).resolve('kinesis-local/package.json'))
  const tlsPort = await freePort()
  return (port) => ({
    file: process.execPath,
    args: ['main.js'],
    cwd: folder,
    env: {
      KINESIS_MOCK_PLAIN_PORT: String(port),
      KINESIS_MOCK_TLS_PORT: String(tlsPort),
      LOG_LEVEL: 'ERROR',
      CREATE_STREAM_DURATION: '1ms',
      DELETE_STREAM_DURATION: '1ms',
      SPLIT_SHARD_DURATION: '1ms',
      MERGE_SHARDS_DURATION: '1ms',
      UPDATE_SHARD_COUNT_DURATION: '1ms',
    },
  })
}
