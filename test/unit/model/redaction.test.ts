import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor, withoutSecretShapes } from '../../../src/model/redaction.ts'

describe('what looks like a secret', () => {
  it.each([
    ['http://user:hunter2@host:4566/a', 'http://***@host:4566/a'],
    ['cannot reach https://hunter2@host, nor http://a:b@c', 'cannot reach https://***@host, nor http://***@c'],
    ['"url":"redis://:p%40ss@h/0"', '"url":"redis://***@h/0"'],
    [
      'GET /x?X-Amz-Credential=AKID%2F2026&a=1&X-Amz-Signature=abc',
      'GET /x?X-Amz-Credential=***&a=1&X-Amz-Signature=***',
    ],
    ['Authorization: Bearer abcdefgh12345', 'Authorization: Bearer ***'],
    ['AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=host, Signature=ff', 'AWS4-HMAC-SHA256 Credential=***'],
    ['http://host/@scope/package and a@b.example', 'http://host/@scope/package and a@b.example'],
    ['arn:aws:sqs:us-east-1:000000000000:orders', 'arn:aws:sqs:us-east-1:000000000000:orders'],
  ])('%s', (text, shown) => {
    expect(withoutSecretShapes(text)).toBe(shown)
  })
})

describe('a secret that is known', () => {
  it('is in no text, as it is, in JSON or in a URL, whatever it holds', () => {
    const secret = fc
      .string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' })
      .filter((text) => !/^\**$/.test(text))
    fc.assert(
      fc.property(secret, fc.string(), (hidden, around) => {
        fc.pre(!around.includes(hidden))
        const redact = createRedactor([hidden])
        expect(redact(`${around}|${hidden}|`)).not.toContain(`|${hidden}|`)
        expect(redact(JSON.stringify({ around, hidden }))).not.toContain(`:${JSON.stringify(hidden)}`)
        expect(redact(`a=${encodeURIComponent(hidden)}&`)).not.toContain(`=${encodeURIComponent(hidden)}&`)
      }),
    )
  })

  it('that begins another does not leave the rest of it standing', () => {
    expect(createRedactor(['password', 'password-of-root'])('password-of-root, password')).toBe('***, ***')
  })

  it('may be learned later; words that are too short for one stay', () => {
    const redact = createRedactor(['test', undefined])
    expect(redact('a test of rotated-secret')).toBe('a test of rotated-secret')
    redact.learn('rotated-secret')
    expect(redact('a test of rotated-secret')).toBe('a test of ***')
    for (let count = 0; count < 60; count += 1) redact.learn(`another-secret-${count}`)
    expect(redact('another-secret-59')).toBe('***')
  })
})
