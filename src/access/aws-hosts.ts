/** The domains under which AWS answers, over all partitions. */
const awsDomains = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'amazonaws.eu',
  'api.aws',
  'api.amazonwebservices.com.cn',
  'api.amazonwebservices.eu',
  'c2s.ic.gov',
  'sc2s.sgov.gov',
  'cloud.adc-e.uk',
  'csp.hci.ic.gov',
  'aws',
]

/** True for an endpoint of AWS itself; false for anything that imitates it. */
export function isAwsEndpoint(endpoint: string): boolean {
  const host = new URL(endpoint).hostname.toLowerCase()
  return awsDomains.some((domain) => host.endsWith(`.${domain}`))
}

/** `us-east-1`, `us-gov-west-1`, `ap-southeast-3`: emulators also print `ddblocal`, `dynoxide` or `elasticmq`. */
export function isRegionName(text: string): boolean {
  return /^[a-z]{2,}(?:-[a-z]+)+-\d+$/.test(text)
}
