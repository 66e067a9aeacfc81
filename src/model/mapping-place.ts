import { parseArn, type ArnPlace } from './arn.ts'

/** Where the function of a bare name is: the configured region, and the account of the source's ARN if it has one. */
export function functionPlace(sourceName: string, configured: ArnPlace): ArnPlace {
  const account = parseArn(sourceName)?.account ?? ''
  return { region: configured.region, account: /^\d{12}$/.test(account) ? account : configured.account }
}
