import { Server, type ListenOptions } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { createApiWorld, type ApiWorld } from '../../support/api.ts'

let world: ApiWorld | undefined

afterEach(async () => {
  await world?.api.close()
})

/** Makes a kernel of this one that answers so when IPv6 is asked for. */
function withoutIpv6(code: string): void {
  const listen = Reflect.get(Server.prototype, 'listen') as (this: Server, options: ListenOptions) => Server
  vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, options: unknown) {
    const { host } = options as ListenOptions
    if (host !== '::') return listen.call(this, options as ListenOptions)
    process.nextTick(() => this.emit('error', Object.assign(new Error(`listen ${code}`), { code })))
    return this
  })
}

it.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('%s for ::, every address, is every address of IPv4', async (code) => {
  withoutIpv6(code)
  world = createApiWorld({ host: '::' })
  const endpoint = await world.api.listen()
  expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect((await fetch(`${endpoint}/healthz`)).status).toBe(200)
})

it('another trouble with :: is no reason to listen elsewhere', async () => {
  withoutIpv6('EADDRINUSE')
  world = createApiWorld({ host: '::' })
  await expect(world.api.listen()).rejects.toThrow('EADDRINUSE')
})
