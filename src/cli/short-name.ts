/** An ARN is long and mostly the same: what differs is its service and its end. */
export function shortName(name: string): string {
  const [prefix, , service, , , ...resource] = name.split(':')
  if (prefix !== 'arn') return name
  return `${service}:${resource.join(':').replace(/^(function:|stream\/|table\/)/, '')}`
}
