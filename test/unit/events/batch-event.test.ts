import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchEvent, type EventWindow } from '../../../src/events/batch-event.ts'
import { envelopeBytes, windowEnvelopeBytes } from '../../../src/model/limits.ts'

const window: EventWindow = {
  frame: {
    startMs: Date.parse('2020-12-09T07:04:00Z'),
    endMs: Date.parse('2020-12-09T07:06:00Z'),
    state: '{"1":282}',
    isFinal: false,
    isTerminatedEarly: false,
  },
  shardId: 'shardId-000000000006',
  eventSourceArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s',
}

const envelopeBytesOf = (at: EventWindow | null) => Buffer.byteLength(batchEvent([], at))

it('an event holds the fragments in order', () => {
  expect(batchEvent(['{"a":1}', '{"b":2}'], null)).toBe('{"Records":[{"a":1},{"b":2}]}')
  expect(batchEvent([], null)).toBe('{"Records":[]}')
})

// proves: stream.tumbling.event
it('the event of a tumbling window has its members in the order of AWS, times without milliseconds', () => {
  expect(batchEvent(['{}'], window)).toBe(
    '{"Records":[{}],"window":{"start":"2020-12-09T07:04:00Z","end":"2020-12-09T07:06:00Z"},"state":{"1":282},' +
      '"shardId":"shardId-000000000006","eventSourceARN":"arn:aws:kinesis:us-east-1:123456789012:stream/s",' +
      '"isFinalInvokeForWindow":false,"isWindowTerminatedEarly":false}',
  )
})

// proves: stream.tumbling.event
it('the final invocation has no records and says what it is', () => {
  const final = { ...window, frame: { ...window.frame, isFinal: true, isTerminatedEarly: true } }
  expect(JSON.parse(batchEvent([], final))).toMatchObject({
    Records: [],
    state: { 1: 282 },
    isFinalInvokeForWindow: true,
    isWindowTerminatedEarly: true,
  })
})

// proves: sqs.bytes
it('an event is as long as its fragments, the commas between them and its envelope', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.option(fc.jsonValue()), (values, state) => {
      const fragments = values.map((value) => JSON.stringify(value))
      const at = state === null ? null : { ...window, frame: { ...window.frame, state: JSON.stringify({ state }) } }
      const event = batchEvent(fragments, at)
      const commas = Math.max(0, fragments.length - 1)
      const sum = fragments.reduce(
        (bytes, fragment) => bytes + Buffer.byteLength(fragment),
        commas + envelopeBytesOf(at),
      )
      expect(Buffer.byteLength(event)).toBe(sum)
      expect(JSON.parse(event).Records).toEqual(JSON.parse(`[${fragments.join(',')}]`))
    }),
  )
})

// proves: quota.payload
it('the envelopes are what the limits of the model reserve for them', () => {
  const bare = { ...window, frame: { ...window.frame, state: '' }, shardId: 'x'.repeat(65) }
  expect(envelopeBytesOf(null)).toBe(envelopeBytes)
  expect(envelopeBytesOf(bare)).toBeLessThan(windowEnvelopeBytes)
})
