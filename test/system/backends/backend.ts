import type { AwsService } from '../../../src/model/settings.ts'
import type { Installed } from './install/installed.ts'

export type SourceName = 'sqs' | 'fifo' | 'kinesis' | 'dynamodb'

/** One backend, as the suite needs to know it. */
export interface Backend {
  /** As `--only` names it. */
  readonly id: string
  readonly title: string
  /** `smoke`: only the behaviours that are marked so. */
  readonly scope: 'full' | 'smoke'
  /** Whether it runs in every CI, or only in the full matrix. */
  readonly ci: boolean
  readonly sources: readonly SourceName[]
  /** `own`: it runs functions itself, behind Millrace's pass-through. `rie`: the test serves them. */
  readonly functions: 'own' | 'rie'
  /** Why a behaviour that a source has cannot be asked of this backend, by `source/behaviour`. */
  readonly unsupported?: Readonly<Record<string, string>>
  /** What the backend itself gets wrong, by `source/behaviour`; the evidence is in KNOWN.md. */
  readonly known?: Readonly<Record<string, string>>
  install(): Promise<Installed>
  start(folder: string): Promise<RunningBackend>
}

export interface RunningBackend {
  readonly endpoints: Readonly<Partial<Record<AwsService, string>>>
  readonly region: string
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A backend that answers for all services at one address. */
export function allAt(endpoint: string): Omit<Required<RunningBackend['endpoints']>, 'lambda'> {
  return {
    sqs: endpoint,
    sns: endpoint,
    s3: endpoint,
    kinesis: endpoint,
    dynamodb: endpoint,
    dynamodbstreams: endpoint,
  }
}

/** Needs nothing but this project's own packages. */
export const nothingToInstall = (): Promise<Installed> => Promise.resolve({ kind: 'ready', folder: '' })
