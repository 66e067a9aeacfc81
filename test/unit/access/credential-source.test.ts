import { describe, expect, it } from 'vitest'
import { createCredentialSource } from '../../../src/access/credential-source.ts'
import type { CredentialProvider } from '../../../src/access/credential-source.ts'

const hourMs = 3_600_000

function providerOf(...answers: readonly (Awaited<ReturnType<CredentialProvider>> | Error)[]): {
  provider: CredentialProvider
  calls: () => number
} {
  let calls = 0
  return {
    calls: () => calls,
    provider: async () => {
      const answer = answers[Math.min(calls, answers.length - 1)]
      calls += 1
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('nothing')
      return answer
    },
  }
}

const keys = (name: string, endsMs?: number) => ({
  accessKeyId: name,
  secretAccessKey: 's',
  ...(endsMs === undefined ? {} : { expiration: new Date(endsMs) }),
})

// proves: access.renewal
describe('credentials', () => {
  it('that never end are asked for once', async () => {
    const { provider, calls } = providerOf(keys('a'))
    const source = createCredentialSource(provider)
    expect(source.current()).toBeNull()
    await Promise.all([source.renew(), source.renew()])
    expect(source.current()?.accessKeyId).toBe('a')
    expect(calls()).toBe(1)
  })

  it('are renewed five minutes before they end', async () => {
    let nowMs = 0
    const { provider } = providerOf(keys('a', hourMs), keys('b', 2 * hourMs))
    const source = createCredentialSource(provider, () => nowMs)
    await source.renew()
    nowMs = hourMs - 300_001
    expect(source.current()?.accessKeyId).toBe('a')
    nowMs = hourMs - 300_000
    expect(source.current()).toBeNull()
    await source.renew()
    expect(source.current()?.accessKeyId).toBe('b')
  })

  it('stay in use until they end when the renewal fails, and the failure is told afterwards', async () => {
    let nowMs = 0
    const { provider } = providerOf(keys('a', hourMs), new Error('the metadata service is away'))
    const source = createCredentialSource(provider, () => nowMs)
    await source.renew()
    nowMs = hourMs - 1_000
    expect(await source.renew()).toMatchObject({ kind: 'ok', identity: { accessKeyId: 'a' } })
    expect(source.current()?.accessKeyId).toBe('a')
    nowMs = hourMs
    expect(await source.renew()).toMatchObject({ kind: 'error', message: 'the metadata service is away' })
    expect(source.current()).toBeNull()
  })

  it('that are not to be had are not asked for with every request, but again soon', async () => {
    let nowMs = 0
    const { provider, calls } = providerOf(new Error('away'), keys('a'))
    const source = createCredentialSource(provider, () => nowMs)
    const failed = await source.renew()
    expect(failed).toMatchObject({ kind: 'error', message: 'away' })
    nowMs = 999
    expect([await source.renew(), calls()]).toEqual([failed, 1])
    nowMs = 1_000
    expect(await source.renew()).toMatchObject({ kind: 'ok' })
    expect(source.current()?.accessKeyId).toBe('a')
  })

  it('tell nothing set up from something that fails', async () => {
    const exhausted = Object.assign(new Error('none'), { tryNextLink: true })
    const broken = Object.assign(new Error('the SSO session ended'), { tryNextLink: false })
    expect(await createCredentialSource(providerOf(exhausted).provider).renew()).toMatchObject({ unconfigured: true })
    expect(await createCredentialSource(providerOf(broken).provider).renew()).toMatchObject({ unconfigured: false })
  })
})
