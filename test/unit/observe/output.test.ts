import { expect, it } from 'vitest'
import { accounted } from '../../../src/observe/log.ts'
import { createOutput } from '../../../src/observe/output.ts'

/** A descriptor that takes `room` bytes, then refuses with `code`. */
function descriptor(code: string) {
  const seen = { text: '', room: Infinity, waits: 0 }
  const write = (_fd: number, bytes: Uint8Array): number => {
    if (seen.room === 0) throw Object.assign(new Error(`${code}: refused`), { code })
    const taken = Math.min(seen.room, bytes.length)
    seen.room -= taken
    seen.text += Buffer.from(bytes.subarray(0, taken)).toString()
    return taken
  }
  const output = createOutput(1, write, () => void (seen.waits += 1))
  return { output, seen }
}

it.each(['EPIPE', 'ENOSPC', 'EIO', 'EBADF'])('drops what is refused with %s, and does not wait', (code) => {
  const { output, seen } = descriptor(code)
  expect(output.write('one\n')).toBe(true)
  seen.room = 0
  expect(output.write('two\n')).toBe(false)
  expect(output.write('three\n')).toBe(false)
  seen.room = Infinity
  expect(output.write('four\n')).toBe(true)
  expect(seen).toMatchObject({ text: 'one\nfour\n', waits: 0 })
  expect(output.takeDropped()).toEqual({ count: 2, reason: `${code}: refused` })
  expect(output.takeDropped()).toBeNull()
})

it('a line that went out in part is ended before the next one begins', () => {
  const { output, seen } = descriptor('ENOSPC')
  seen.room = 2
  expect(output.write('one\n')).toBe(false)
  expect(output.write('two\n')).toBe(false)
  seen.room = Infinity
  expect(output.write('three\n')).toBe(true)
  expect(seen.text).toBe('one\nthree\n')
  expect(output.takeDropped()?.count).toBe(1)
})

it('a full pipe is waited for, once: lines after that are only tried', () => {
  const { output, seen } = descriptor('EAGAIN')
  seen.room = 0
  expect(output.write('one\n')).toBe(false)
  const patience = seen.waits
  expect(patience).toBeGreaterThan(10)
  expect(output.write('two\n')).toBe(false)
  expect(seen.waits).toBe(patience)
  seen.room = Infinity
  expect(output.write('three\n')).toBe(true)
  seen.room = 0
  expect(output.write('four\n')).toBe(false)
  expect(seen.waits).toBe(2 * patience)
})

it('the log says how many of its lines are missing as soon as one can be written', () => {
  const { output, seen } = descriptor('ENOSPC')
  const log = accounted(output, { base: null, timestamp: false })
  seen.room = 0
  log.write('{"n":1}\n')
  log.write('{"n":2}\n')
  seen.room = Infinity
  log.write('{"n":3}\n')
  log.write('{"n":4}\n')
  expect(
    seen.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { n: 3 },
    {
      level: 40,
      count: 2,
      reason: 'ENOSPC: refused',
      msg: 'Lines of the log before the last one could not be written.',
    },
    { n: 4 },
  ])
})
