import { describe, expect, it } from 'vitest'
import { readSettings } from '../../../src/config/settings-reader.ts'
import { functionOptions } from '../../../src/model/service-options.ts'

/** The text stands in the variable, its first line is line 1. */
const read = (text: string) => readSettings({ argv: [], env: { MILLRACE_CONFIG: `${text}\n` }, cwd: '/' }).functions
const refusal = (text: string): string => {
  try {
    read(text)
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^MILLRACE_CONFIG:/, '') : ''
  }
  return 'nothing was refused'
}

const url = 'http://audit:8080/2015-03-31/functions/function/invocations'

describe('functions of the file', () => {
  it('are read with their units and defaults', () => {
    const text = [
      'functions:',
      `  audit: { url: "${url}", timeout: 30, reservedConcurrency: 4, concurrencyPerUrl: 2 }`,
      '  orders:live:',
      '    url: [http://a:1/x, https://b]',
      '    timeout: 0.5',
      `  plain: { url: ${url}, reservedConcurrency: 0 }`,
    ]
    expect(read(text.join('\n'))).toEqual([
      { name: 'audit', urls: [url], timeoutMs: 30_000, reservedConcurrency: 4, concurrencyPerUrl: 2 },
      {
        name: 'orders:live',
        urls: ['http://a:1/x', 'https://b'],
        timeoutMs: 500,
        reservedConcurrency: undefined,
        concurrencyPerUrl: 1,
      },
      { name: 'plain', urls: [url], timeoutMs: undefined, reservedConcurrency: 0, concurrencyPerUrl: 1 },
    ])
  })

  it('may loop where they say so', () => {
    const text = `functions:\n  a: { url: ${url}, recursiveLoop: allow }\n  b: { url: ${url}, recursiveLoop: terminate }\n  c: { url: ${url} }`
    expect(read(text).map(({ name, allowsLoops }) => [name, allowsLoops === true])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ])
  })

  it('share what an anchor holds', () => {
    const text = `functions:\n  a: &base { url: ${url}, timeout: 5 }\n  b: { <<: *base, timeout: 6 }`
    expect(read(text).map(({ name, timeoutMs }) => [name, timeoutMs])).toEqual([
      ['a', 5_000],
      ['b', 6_000],
    ])
  })

  it.each([
    ['functions: [a]', '1: functions must be a map of keys, not a list.'],
    ['functions:\n  a:', '2: functions.a must be a map with a url, not empty.'],
    ['functions:\n  a: http://x', '2: functions.a must be a map with a url, not "http://x".'],
    ['functions:\n  a: {}', '2: functions.a has no url.'],
    ['functions:\n  a: { timeout: 3 }', '2: functions.a has no url.'],
    ['functions:\n  a:\n    url: []', '3: functions.a.url is an empty list. Give at least one URL.'],
    ['functions:\n  a:\n    url: audit:8080', '3: functions.a.url must be an http or https URL, not "audit:8080".'],
    [
      'functions:\n  a:\n    url:',
      '3: functions.a.url has no value. It must be an http or https URL; without the key the default holds.',
    ],
    ['functions:\n  a:\n    url: { x: 1 }', '3: functions.a.url must be an http or https URL, not a map.'],
    [
      'functions:\n  a:\n    url:\n    - http://x\n    - 5',
      '5: functions.a.url[1] must be an http or https URL, not the number 5.',
    ],
    [
      'functions:\n  a:\n    url:\n    - http://x\n    - http://y\n    - http://x',
      '6: functions.a.url[2] is in the list twice. concurrencyPerUrl lets one URL run more at once.',
    ],
    [
      'functions:\n  a:\n    url: http://x\n    timeuot: 3',
      '4: unknown key functions.a.timeuot. Did you mean functions.a.timeout?',
    ],
    [
      'functions:\n  a:\n    url: http://x\n    memory: 3',
      '4: unknown key functions.a.memory. Known here: url, timeout, reservedConcurrency, concurrencyPerUrl, recursiveLoop.',
    ],
    [
      'functions:\n  a:\n    url: http://x\n    timeout: 0',
      '4: functions.a.timeout must be a number from 0.001 to 900, not the number 0.',
    ],
    [
      'functions:\n  a:\n    url: http://x\n    timeout: 901',
      '4: functions.a.timeout must be a number from 0.001 to 900, not the number 901.',
    ],
    [
      'functions:\n  a:\n    url: http://x\n    reservedConcurrency: 1.5',
      '4: functions.a.reservedConcurrency must be a whole number from 0 to 100000, not the number 1.5.',
    ],
    [
      'functions:\n  a:\n    url: http://x\n    recursiveLoop: Allow',
      '4: functions.a.recursiveLoop must be one of terminate, allow, not "Allow".',
    ],
    [
      'functions:\n  a:\n    url: http://x\n    concurrencyPerUrl: 0',
      '4: functions.a.concurrencyPerUrl must be a whole number from 1 to 10000, not the number 0.',
    ],
    [
      'functions:\n  "a b": { url: http://x }',
      "2: functions.a b: 'a b' is not a function name. Use NAME or NAME:QUALIFIER.",
    ],
    [
      'functions:\n  arn:aws:lambda:us-east-1:000000000000:function:a: { url: http://x }',
      "2: functions.arn:aws:lambda:us-east-1:000000000000:function:a: 'arn:aws:lambda:us-east-1:000000000000:function:a' is not a function name. Use NAME or NAME:QUALIFIER.",
    ],
    ['functions:\n  a: { url: http://x }\n  a: { url: http://y }', "3: the key 'a' is there twice, first in line 2."],
  ])('%j is refused', (text, message) => {
    expect(refusal(text)).toBe(message)
  })

  it.each(
    Object.keys(functionOptions).flatMap((name) => ['"text"', '{ a: 1 }', 'true', ''].map((value) => [name, value])),
  )('%s: %s is refused with file, line and key', (name, value) => {
    const other = name === 'url' ? '' : '    url: http://x\n'
    expect(refusal(`functions:\n  a:\n${other}    ${name}: ${value}`)).toMatch(
      new RegExp(`^${name === 'url' ? 3 : 4}: functions\\.a\\.${name} (must be|has no value)`),
    )
  })
})
