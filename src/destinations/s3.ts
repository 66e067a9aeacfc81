import type { AwsAccess } from '../access/aws-access.ts'
import { delivered, refused, type ServiceDestination, unusable, xmlRefusal } from './service-destination.ts'

/**
 * A bucket: one object per failure record, payload included. The bucket is in the path, which AWS and every emulator
 * take; as part of the host it would need a certificate and a DNS name for each.
 */
export function createS3Destination(access: AwsAccess): ServiceDestination {
  /** The ARN of a bucket names no region: AWS tells it with the first refusal. */
  const regions = new Map<string, string>()
  return {
    async deliver({ region, account, resource: bucket }, delivery, signal) {
      const caller = access.service('s3', regions.get(bucket) ?? (region || undefined), account || undefined)
      const path = `/${encodePath(bucket)}/${encodePath(delivery.objectKey)}`
      const headers = { 'content-type': 'application/octet-stream' }
      const result = await caller.http({ method: 'PUT', path, headers, body: delivery.body }, 'settle', signal)
      if (result.kind !== 'ok') return refused(result)
      if (result.status === 200) return result.headers['etag'] === undefined ? unusable('PutObject') : delivered
      const home = result.headers['x-amz-bucket-region']
      if (home !== undefined && home !== regions.get(bucket) && elsewhere.has(result.status)) {
        regions.set(bucket, home)
        return { kind: 'refused', message: `Bucket ${bucket} is in ${home}: the next try goes there.`, retryable: true }
      }
      return refused(xmlRefusal(result))
    },
  }
}

/** The statuses of a request that came to the wrong region: two redirects, and a signature for another one. */
const elsewhere: ReadonlySet<number> = new Set([301, 307, 400])

/** Every character as the signature of S3 counts it, the separators left alone. */
function encodePath(text: string): string {
  return text.split('/').map(encodeSegment).join('/')
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
