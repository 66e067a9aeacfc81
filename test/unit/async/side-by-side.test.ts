import { expect, it } from 'vitest'
import { sideBySide } from '../../../src/async/side-by-side.ts'

it('works on no more at once than it may, and tells what came of each in their order', async () => {
  const ends = new Map<number, () => void>()
  const begun: number[] = []
  const all = sideBySide([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item)
    await new Promise<void>((resolve) => ends.set(item, resolve))
    return `${item} done`
  })
  const end = async (item: number): Promise<void> => {
    ends.get(item)?.()
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  expect(begun).toEqual([0, 1])
  await end(1)
  expect(begun).toEqual([0, 1, 2])
  await end(2)
  await end(0)
  expect(begun).toEqual([0, 1, 2, 3, 4])
  await end(4)
  await end(3)
  expect(await all).toEqual(['0 done', '1 done', '2 done', '3 done', '4 done'])
})

it('fails with the first that fails, and has nothing to do for nothing', async () => {
  const refuse = (item: string): Promise<never> => Promise.reject(new Error(item))
  await expect(sideBySide(['first', 'second'], 1, refuse)).rejects.toThrow('first')
  expect(await sideBySide([], 1, refuse)).toEqual([])
})
