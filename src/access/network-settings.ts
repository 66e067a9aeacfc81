import { readFileSync } from 'node:fs'
// As a whole: a name that an older Node lacks would keep it from saying which Node is needed.
import * as tls from 'node:tls'
import type { AwsService, AwsSettings } from '../model/settings.ts'

/** What node's TLS takes. */
export interface Trust {
  readonly ca?: string[]
  readonly rejectUnauthorized?: boolean
}

/** How connections are made: trust and proxies, the same for every service. */
export interface NetworkSettings {
  readonly tls: Trust
  /** Where a service has a trust of its own. */
  readonly tlsOf: Readonly<Partial<Record<AwsService, Trust>>>
  /** What node's agent reads its proxies from; undefined where none is configured. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>> | undefined
}

export function networkSettings(
  settings: Pick<AwsSettings, 'caFile' | 'insecure' | 'trust'>,
  env: Readonly<Record<string, string | undefined>>,
): NetworkSettings {
  const caFile = settings.caFile ?? nonEmpty(env['AWS_CA_BUNDLE'])
  const own = Object.entries(settings.trust ?? {}).map(([service, given]) => [
    service,
    given === 'insecure' ? anyCertificate : authorities(given, `aws.trust.${service}`),
  ])
  return {
    tls: {
      ...(caFile === undefined ? {} : authorities(caFile, 'aws.caFile or AWS_CA_BUNDLE')),
      ...(settings.insecure ? anyCertificate : {}),
    },
    tlsOf: Object.fromEntries(own) as NetworkSettings['tlsOf'],
    proxyEnv: proxyEnv(env),
  }
}

const anyCertificate: Trust = { rejectUnauthorized: false }

function authorities(file: string, setting: string): Trust {
  return { ca: [...tls.getCACertificates('default'), readPem(file, setting)] }
}

function readPem(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`The CA file ${file} (${setting}) cannot be read: ${reason}`, { cause })
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

export function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

/** Node's agents read proxies from 22.21 and 24.5 on; older ones go straight to the endpoint. */
export function knowsProxies(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  return major === 22 ? minor >= 21 : major === 24 ? minor >= 5 : major > 24
}
