import { partitionOf, type ArnPlace } from './arn.ts'

const path = /^(?:\/queue(?:\/([a-z0-9-]+))?)?(?:\/(\d{12}))?\/([a-zA-Z0-9_-]{1,80}(?:\.fifo)?)\/?$/
/** `sqs.eu-west-1.amazonaws.com`, `sqs.eu-west-1.localhost.localstack.cloud`, `eu-west-1.queue.localhost…`. */
const regionInHost = /^(?:sqs\.)?([a-z]{2}(?:-[a-z]+)+-\d)\./

/**
 * The ARN of the queue that a URL means, for whoever gives the one in place of the other; undefined where the text is no
 * URL of a queue. What the URL does not say comes from `place`.
 */
export function queueArnOfUrl(text: string, place: ArnPlace): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const { hostname, pathname } = new URL(text)
  // LocalStack's longest form: /queue/REGION/ACCOUNT/NAME.
  const [, ofPath, account = place.account, name] = path.exec(pathname) ?? []
  if (name === undefined) return undefined
  const region = ofPath ?? regionInHost.exec(hostname)?.[1] ?? place.region
  return `arn:${partitionOf(region)}:sqs:${region}:${account}:${name}`
}
