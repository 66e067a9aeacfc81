import type { MillraceOptions } from '../../../../src/service.ts'

export type ServiceOptions = Omit<MillraceOptions, 'aws' | 'mappings'> & {
  readonly endpoints?: Readonly<Record<string, string>>
}
