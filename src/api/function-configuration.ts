import { createHash } from 'node:crypto'
import { functionArnOf, type ArnPlace } from '../model/arn.ts'
import { functionTimeoutMsMax } from '../model/limits.ts'
import { withoutSecretShapes } from '../model/redaction.ts'
import type { FunctionSettings } from '../model/settings.ts'

/** The qualification of the request, which an answer repeats in the ARN. */
interface Asked {
  readonly qualifier?: string | undefined
}

/** What GetFunctionConfiguration shows of a function that runs somewhere we do not look into: an image, ready to run. */
export function functionConfiguration(
  settings: FunctionSettings,
  place: ArnPlace,
  startedMs: number,
  asked: Asked = {},
): object {
  const [name = settings.name, own] = settings.name.split(':')
  const qualifier = own ?? asked.qualifier
  // What an alias stands for is not known here.
  const version = /^\d+$/.test(qualifier ?? '') ? qualifier : '$LATEST'
  return {
    FunctionName: name,
    FunctionArn: functionArnOf(qualifier === undefined ? name : `${name}:${qualifier}`, place),
    Role: `arn:aws:iam::${place.account}:role/millrace`,
    CodeSize: 0,
    Description: 'A function of the config of Millrace.',
    Timeout: Math.ceil((settings.timeoutMs ?? functionTimeoutMsMax) / 1_000),
    MemorySize: 128,
    LastModified: new Date(startedMs).toISOString().replace('Z', '+0000'),
    CodeSha256: createHash('sha256')
      .update(withoutSecretShapes(settings.urls.join(' ')))
      .digest('base64'),
    Version: version,
    TracingConfig: { Mode: 'PassThrough' },
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Image',
    Architectures: ['x86_64'],
    EphemeralStorage: { Size: 512 },
  }
}

/** GetFunction. The URLs stand where the code's location stands. */
export function functionDescription(
  settings: FunctionSettings,
  place: ArnPlace,
  startedMs: number,
  asked: Asked = {},
): object {
  const limit = settings.reservedConcurrency
  return {
    Configuration: functionConfiguration(settings, place, startedMs, asked),
    Code: { RepositoryType: 'ECR', ImageUri: withoutSecretShapes(settings.urls.join(' ')) },
    ...(limit !== undefined && { Concurrency: { ReservedConcurrentExecutions: limit } }),
  }
}
