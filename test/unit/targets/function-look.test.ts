import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAwsAccess } from '../../../src/access/create-aws-access.ts'
import { createTransport, type Transport } from '../../../src/access/transport.ts'
import type { AwsSettings } from '../../../src/model/settings.ts'
import { createLambdaApi } from '../../../src/targets/lambda-api.ts'
import { noLambda } from '../../../src/targets/no-lambda.ts'
import { createRieFunctions } from '../../../src/targets/rie.ts'
import { defaultSettings } from '../../support/settings.ts'
import { freePort } from '../../support/free-port.ts'
import { startFunctionServer, type FunctionServer } from '../../support/functions/server.ts'
import { systemClock } from '../../../src/engine/system-clock.ts'

const idle = new AbortController().signal
let server: FunctionServer
let transport: Transport

beforeEach(async () => {
  server = await startFunctionServer({ functions: { orders: { timeoutS: 3 } } })
  transport = createTransport({ tls: {}, tlsOf: {}, proxyEnv: undefined })
})

afterEach(async () => {
  transport.close()
  await server.close()
})

function lookAt(urls: readonly string[], by = transport) {
  const settings = { timeoutMs: undefined, reservedConcurrency: undefined, concurrencyPerUrl: 1 }
  const [only] = createRieFunctions([{ name: 'audit', urls, ...settings }], by, systemClock)
  return only?.look('audit', idle)
}

function awsAt(lambda: string): AwsSettings {
  return { ...defaultSettings.aws, region: 'us-east-1', endpoints: { lambda } }
}

describe('a look at a function', () => {
  it('of the config connects to its URLs, and runs nothing', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}/`
    expect(await lookAt([nobody])).toBe('unreachable')
    expect(await lookAt([nobody, server.url])).toBe('answers')
    expect(server.requests).toEqual([])
  })

  it('of the config tells nothing where a proxy takes every connection', async () => {
    const proxied = createTransport({ tls: {}, tlsOf: {}, proxyEnv: { HTTP_PROXY: server.url } })
    try {
      expect(await lookAt([`http://127.0.0.1:${await freePort()}/`], proxied)).toBe('unknown')
    } finally {
      proxied.close()
    }
  })

  it('of a Lambda endpoint describes it', async () => {
    const access = await createAwsAccess(awsAt(server.url), { info: () => undefined, warn: () => undefined })
    try {
      const api = createLambdaApi(access, systemClock)
      expect(await api.look('orders', idle)).toBe('answers')
      expect(await api.look('ordres', idle)).toBe('missing')
      await server.close()
      expect(await api.look('orders', idle)).toBe('unreachable')
      expect(server.invocations).toEqual([])
    } finally {
      await access.close()
    }
  })

  it('finds nothing where no Lambda is', async () => {
    expect(await noLambda.look('orders', idle)).toBe('missing')
  })
})
