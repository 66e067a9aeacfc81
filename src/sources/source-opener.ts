import type { SourceOpener } from '../ports.ts'
import { openDynamoSource } from './dynamodb-streams.ts'
import { openKinesisSource } from './kinesis.ts'
import type { SourceAccess } from '../access/aws-access.ts'
import { openSqsSource } from './sqs.ts'

/** Opens what a mapping reads: the one place where a mapping's kind of source chooses its adapter. */
export function createSourceOpener(access: SourceAccess): SourceOpener {
  return {
    open(mapping) {
      switch (mapping.source) {
        case 'sqs':
        case 'sqs-fifo':
          return openSqsSource(mapping, access)
        case 'kinesis':
          return openKinesisSource(mapping, access)
        case 'dynamodb':
          return openDynamoSource(mapping, access)
        default:
          throw new Error(`Unknown kind of source ${String(mapping.source satisfies never)}.`)
      }
    },
  }
}
