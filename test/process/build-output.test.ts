import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { builtFile } from './built-file.ts'

test('the built file is ASCII: anything else would make V8 keep all of it in two bytes a character', async () => {
  const source = await readFile(builtFile)
  expect(source.length).toBeGreaterThan(1_000_000)
  expect(source.findIndex((byte) => byte > 0x7f)).toBe(-1)
})
