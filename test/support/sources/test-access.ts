import { createAwsAccess, type AwsConnections } from '../../../src/access/create-aws-access.ts'
import type { AwsService } from '../../../src/model/settings.ts'
import { defaultSettings } from '../settings.ts'

/** The way to one endpoint, or to one for each service, without a word in the log. */
export function accessTo(endpoint: string | Readonly<Partial<Record<AwsService, string>>>): Promise<AwsConnections> {
  const settings = {
    ...defaultSettings.aws,
    region: 'us-east-1',
    endpoint: typeof endpoint === 'string' ? endpoint : 'http://127.0.0.1:1',
    endpoints: typeof endpoint === 'string' ? {} : endpoint,
  }
  return createAwsAccess(settings, { info: () => {}, warn: () => {} })
}
