import { expect, it } from 'vitest'
import { splitUserinfo } from '../../../src/access/userinfo.ts'

it.each([
  ['http://host:4566', 'http://host:4566', undefined],
  ['http://user:p%40ss@host:4566', 'http://host:4566', 'user:p@ss'],
  ['http://user:pass@host/a/b?c=d', 'http://host/a/b?c=d', 'user:pass'],
  ['https://token@host/', 'https://host/', 'token:'],
  ['not a URL', 'not a URL', undefined],
])('%s is shown as %s', (given, shown, pair) => {
  const authorization = pair && `Basic ${Buffer.from(pair).toString('base64')}`
  expect(splitUserinfo(given)).toEqual({ url: shown, authorization })
})
