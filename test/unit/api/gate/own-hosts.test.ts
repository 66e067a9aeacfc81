import { describe, expect, it } from 'vitest'
import { createOwnHosts } from '../../../../src/api/gate/own-hosts.ts'

const loopbackNames = [
  'localhost',
  'localhost:4570',
  'LOCALHOST',
  'localhost.',
  '127.0.0.1.',
  'millrace.localhost:80',
  '127.0.0.1',
  '127.0.0.1:4570',
  '127.1.2.3',
  '[::1]',
  '[::1]:4570',
  '[::ffff:127.0.0.1]:1',
]
const privateNames = [
  '10.1.2.3:4570',
  '192.168.0.7',
  '203.0.113.9',
  '[fe80::1]:4570',
  'millrace',
  'millrace:4570',
  'host.docker.internal:4570',
  'laptop.local',
  'millrace.dev.svc',
  'millrace.dev.svc.cluster.local:80',
]
const foreignNames = [
  'evil.example',
  'evil.example:4570',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'internal.evil.example',
  'evilinternal.example',
  'evil.example.',
  'svc.example.com',
  'localhost@evil.example',
  'evil.example/localhost',
  'localhost:4570:1',
  '',
  ' ',
  'a b',
  '[localhost]',
  '[::1',
  '[evil.example]',
  'xn--lcalhost-7ya.example',
]

describe('the names of a Millrace', () => {
  it('on loopback are those of loopback', () => {
    const hosts = createOwnHosts('127.0.0.1', [])
    expect(loopbackNames.filter((name) => !hosts.has(name))).toEqual([])
    expect([...privateNames, ...foreignNames].filter((name) => hosts.has(name))).toEqual([])
  })

  it('on other interfaces are addresses and names that the public DNS cannot have as well', () => {
    for (const bound of ['::', '0.0.0.0', '10.1.2.3']) {
      const hosts = createOwnHosts(bound, [])
      expect([...loopbackNames, ...privateNames].filter((name) => !hosts.has(name))).toEqual([])
      expect(foreignNames.filter((name) => hosts.has(name))).toEqual([])
    }
  })

  it('are the bound address and what the operator adds, below a star too', () => {
    const hosts = createOwnHosts('203.0.113.9', ['Millrace.Example.com', '*.dev.example.com'])
    const called = ['203.0.113.9:4570', 'millrace.example.com', 'a.dev.example.com', 'a.b.dev.example.com:1']
    expect(called.filter((name) => !hosts.has(name))).toEqual([])
    expect(
      ['dev.example.com', 'example.com', 'amillrace.example.com', 'adev.example.com'].filter((name) => hosts.has(name)),
    ).toEqual([])
  })
})
