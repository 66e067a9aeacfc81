import { describe, expect, it } from 'vitest'
import { ByteBudget } from '../../../src/engine/byte-budget.ts'

describe('the byte budget', () => {
  it('tells every flow when all together hold too much, and when they no longer do', () => {
    const budget = new ByteBudget(100)
    const heard: string[] = []
    const [a, b] = [{}, {}]
    expect(budget.join(a, (on) => heard.push(`a ${on}`))).toBe(false)
    budget.join(b, (on) => heard.push(`b ${on}`))
    budget.hold(a, 60)
    budget.hold(b, 40)
    expect(heard).toEqual([])
    budget.hold(b, 41)
    expect(heard).toEqual(['a true', 'b true'])
    budget.hold(b, 30)
    expect(heard).toHaveLength(2)
    budget.hold(b, 20)
    expect(heard).toEqual(['a true', 'b true', 'a false', 'b false'])
  })

  it('tells a newcomer how things are, and takes back what a leaver held', () => {
    const budget = new ByteBudget(10)
    const [a, b] = [{}, {}]
    const heard: boolean[] = []
    budget.join(a, () => {})
    budget.hold(a, 11)
    expect(budget.join(b, (on) => heard.push(on))).toBe(true)
    budget.leave(a)
    expect(heard).toEqual([false])
    expect(budget.heldBytes).toBe(0)
  })
})
