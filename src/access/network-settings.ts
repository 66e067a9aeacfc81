import { readFileSync } from 'node:fs'
// As a whole: a name that an older Node lacks would keep it from saying which Node is needed.
import * as tls from 'node:tls'
import type { AwsSettings } from '../model/settings.ts'

/** How connections are made: trust and proxies, the same for every service. */
export interface NetworkSettings {
  readonly tls: { readonly ca?: string[]; readonly rejectUnauthorized?: boolean }
  /** What node's agent reads its proxies from; undefined where none is configured. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>> | undefined
}

export function networkSettings(
  settings: Pick<AwsSettings, 'caFile' | 'insecure'>,
  env: Readonly<Record<string, string | undefined>>,
): NetworkSettings {
  const caFile = settings.caFile ?? nonEmpty(env['AWS_CA_BUNDLE'])
  return {
    tls: {
      ...(caFile === undefined ? {} : { ca: [...tls.getCACertificates('default'), readPem(caFile)] }),
      ...(settings.insecure ? { rejectUnauthorized: false } : {}),
    },
    proxyEnv: proxyEnv(env),
  }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`The CA file ${file} (aws.caFile or AWS_CA_BUNDLE) cannot be read: ${reason}`, { cause })
  }
}

/** A proxy never stands between us and a service on the same machine. */
function proxyEnv(env: Readonly<Record<string, string | undefined>>): NetworkSettings['proxyEnv'] {
  const http = nonEmpty(env['http_proxy']) ?? nonEmpty(env['HTTP_PROXY'])
  const https = nonEmpty(env['https_proxy']) ?? nonEmpty(env['HTTPS_PROXY'])
  if (http === undefined && https === undefined) return undefined
  const excluded = nonEmpty(env['no_proxy']) ?? nonEmpty(env['NO_PROXY'])
  const bypass = [...(excluded === undefined ? [] : [excluded]), 'localhost', '127.0.0.1', '::1'].join(',')
  return { HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: bypass }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

/** Node's agents read proxies from 22.21 and 24.5 on; older ones go straight to the endpoint. */
export function knowsProxies(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  return major === 22 ? minor >= 21 : major === 24 ? minor >= 5 : major > 24
}
