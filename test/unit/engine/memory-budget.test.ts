import { describe, expect, it } from 'vitest'
import { type MemoryAccount, MemoryBudget } from '../../../src/engine/memory-budget.ts'
import { defaultMemoryBytes } from '../../../src/model/memory.ts'

const nobody = (): void => {}
const hasRoom = (flow: MemoryAccount): boolean => flow.allowedBytes > flow.heldBytes

describe('the memory budget', () => {
  it('lets one flow alone have most of it', () => {
    const budget = new MemoryBudget(1_000)
    const flow = budget.join(nobody)
    let held = 0
    while (hasRoom(flow)) flow.charge((held += 10), 0)
    expect(held).toBe(600)
    expect(budget.usedBytes).toBe(600)
  })

  it('leaves room for others however many of them hold all they can get', () => {
    const budget = new MemoryBudget(1_000)
    const hogs = Array.from({ length: 9 }, () => budget.join(nobody))
    const last = budget.join(nobody)
    const held = new Map(hogs.map((hog) => [hog, 0]))
    const fill = (): boolean => {
      const hungry = hogs.filter((hog) => hasRoom(hog))
      for (const hog of hungry) {
        held.set(hog, (held.get(hog) ?? 0) + 1)
        hog.charge(held.get(hog) ?? 0, 0)
      }
      return hungry.length > 0
    }
    while (fill());
    expect(budget.usedBytes).toBeLessThanOrEqual(1_000)
    expect(hasRoom(last)).toBe(true)
    expect(last.allowedBytes).toBeGreaterThanOrEqual(25)
  })

  it('is within its bound when every flow holds its allowance', () => {
    const budget = new MemoryBudget(1_000)
    const flows = Array.from({ length: 40 }, () => budget.join(nobody))
    for (const flow of flows) flow.charge(flow.allowedBytes, 0)
    expect(budget.usedBytes).toBeLessThanOrEqual(1_000)
    for (const flow of flows.slice(1)) expect(flow.allowedBytes).toBeGreaterThan(0)
  })

  it('presses whoever holds much, and nobody who holds little', () => {
    const budget = new MemoryBudget(1_000)
    const [hog, modest] = [budget.join(nobody), budget.join(nobody)]
    modest.charge(5, 0)
    hog.charge(700, 0)
    expect(hasRoom(hog)).toBe(false)
    expect(hasRoom(modest)).toBe(true)
  })

  it('wakes those who wait for room in turn, once there is some', () => {
    const budget = new MemoryBudget(1_000)
    const woken: string[] = []
    const hog = budget.join(nobody)
    hog.charge(1_000, 0)
    const [a, b] = [budget.join(() => woken.push('a')), budget.join(() => woken.push('b'))]
    b.charge(90, 1)
    a.charge(90, 1)
    expect(woken).toEqual([])
    hog.charge(100, 0)
    expect(woken).toEqual(['b', 'a'])
    hog.charge(50, 0)
    expect(woken).toEqual(['b', 'a'])
  })

  it('does not wake one inside the other', () => {
    const budget = new MemoryBudget(1_000)
    const depth = { now: 0, most: 0 }
    const woken = (give: () => void) => (): void => {
      depth.most = Math.max(depth.most, (depth.now += 1))
      give()
      depth.now -= 1
    }
    const hog = budget.join(nobody)
    hog.charge(1_000, 0)
    const waiting = new Set<number>()
    for (const index of Array.from({ length: 50 }, (_, each) => each)) {
      waiting.add(index)
      const flow = budget.join(
        woken(() => {
          waiting.delete(index)
          flow.charge(0, 0)
        }),
      )
      flow.charge(6, 1)
    }
    hog.charge(0, 0)
    expect([...waiting]).toEqual([])
    expect(depth.most).toBe(1)
  })

  it('counts what is lent, until it is given back, once', () => {
    const budget = new MemoryBudget(1_000)
    const woken: number[] = []
    const flow = budget.join(() => woken.push(budget.usedBytes))
    const loan = budget.borrow()
    loan.charge(900)
    flow.charge(300, 1)
    expect(hasRoom(flow)).toBe(false)
    loan.charge(0)
    loan.charge(0)
    expect(woken).toEqual([300])
    expect(budget.usedBytes).toBe(300)
  })

  it('wakes nobody when more is lent', () => {
    const budget = new MemoryBudget(1_000)
    const woken: number[] = []
    const flow = budget.join(() => woken.push(budget.usedBytes))
    const loan = budget.borrow()
    loan.charge(800)
    flow.charge(300, 1)
    loan.charge(900)
    expect(woken).toEqual([])
    expect(budget.usedBytes).toBe(1_200)
  })

  it('gets back what a flow held that left', () => {
    const budget = new MemoryBudget(1_000)
    const flow = budget.join(nobody)
    flow.charge(900, 1)
    flow.leave()
    expect(budget.usedBytes).toBe(0)
  })
})

describe('the default of the budget', () => {
  it('is a quarter of what the process may use, and 96 MB at most', () => {
    expect(defaultMemoryBytes(256 * 1_048_576)).toBe(64 * 1_048_576)
    expect(defaultMemoryBytes(64 * 1_073_741_824)).toBe(96 * 1_048_576)
  })
})
