import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/observe/log.ts'
import type { Store } from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { watchStore } from '../../../src/store/watched-store.ts'
import { mappingDocument } from '../../contract/store-contract.ts'
import { manualClock } from '../../support/manual-clock.ts'

function watched() {
  const time = manualClock()
  const memory = createMemoryStore()
  const disk = { full: false, probes: 0 }
  const refusing = <A extends unknown[], T>(write: (...args: A) => Promise<T>) => {
    return (...args: A): Promise<T> => (disk.full ? Promise.reject(new Error('The disk is full.')) : write(...args))
  }
  const inner: Store = {
    ...memory,
    putMapping: refusing(memory.putMapping),
    probe: () => {
      disk.probes += 1
      return refusing(memory.probe)()
    },
  }
  const lines: {
    readonly level: string
    readonly msg: string
    readonly atMs: number
    readonly refusedWrites?: number
  }[] = []
  const log = createLogger('info', {
    destination: {
      write: (line) => void lines.push({ ...(JSON.parse(line) as (typeof lines)[number]), atMs: time.clock.monoMs() }),
    },
  })
  return { time, disk, lines, store: watchStore(inner, time.clock, log) }
}

describe('a store that is watched', () => {
  it('says at once that it cannot be written, again at a growing pace, and when it can again', async () => {
    const { time, disk, lines, store } = watched()
    disk.full = true
    await expect(store.putMapping(mappingDocument('a'))).rejects.toThrow('disk is full')
    await time.pass(3_600_000)
    expect(lines.every(({ level, msg }) => level === 'error' && msg.startsWith('The disk is full.'))).toBe(true)
    expect(lines.map(({ atMs }) => Math.round(atMs / 1_000))).toEqual([
      0, 10, 30, 70, 150, 310, 630, 1_230, 1_830, 2_430, 3_030,
    ])
    disk.full = false
    await time.pass(5_000)
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: 'The store can be written again.', lastedS: 3_605 })
    const before = lines.length
    await time.pass(600_000)
    expect(lines).toHaveLength(before)
  })

  it('says it once for all who write', async () => {
    const { disk, lines, store } = watched()
    disk.full = true
    await Promise.allSettled(
      Array.from({ length: 300 }, (_, index) => store.putMapping(mappingDocument(String(index)))),
    )
    expect(lines).toHaveLength(1)
  })

  it('shows its trouble with its begin, and how long ago it was written', async () => {
    const { time, disk, store } = watched()
    expect(store.health()).toEqual({ trouble: null, sinceWriteMs: 0, damaged: [], lost: [] })
    await time.pass(10_000)
    expect(store.health().sinceWriteMs).toBe(10_000)
    disk.full = true
    await time.pass(110_000)
    expect(store.health().sinceWriteMs).toBe(120_000)
    expect(store.health().trouble).toContain('The disk is full. It has been so since 2023-11-14T22:13:50.000Z')
    disk.full = false
    await store.putMapping(mappingDocument('a'))
    expect(store.health()).toMatchObject({ trouble: null, sinceWriteMs: 0 })
  })

  it('is tried while nobody writes, and left alone while somebody does, and once it is closed', async () => {
    const { time, disk, store } = watched()
    await time.pass(300_000)
    expect(disk.probes).toBe(10)
    for (let second = 0; second < 300; second++) {
      await store.putMapping(mappingDocument('a'))
      await time.pass(1_000)
    }
    expect(disk.probes).toBe(10)
    await store.close()
    await time.pass(300_000)
    expect(disk.probes).toBe(10)
    expect(time.timers()).toEqual([])
  })
})
