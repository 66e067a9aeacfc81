import { describe, expect, it } from 'vitest'
import { createAdmission } from '../../../../src/api/gate/admission.ts'
import { MemoryBudget } from '../../../../src/engine/memory-budget.ts'

describe('bodies that the API holds', () => {
  it('are charged to the memory of the process until their requests are over', () => {
    const memory = new MemoryBudget(1_000)
    const admission = createAdmission({ requestsMax: 10, heldBytesMax: 500 }, memory)
    expect(admission.hold(300)).toBe(true)
    expect(admission.hold(100)).toBe(true)
    expect(memory.usedBytes).toBe(400)
    expect(admission.hold(200)).toBe(false)
    expect(memory.usedBytes).toBe(400)
    admission.release(300)
    admission.release(0)
    admission.release(100)
    expect(memory.usedBytes).toBe(0)
  })

  it('wake no flow that waits for room when one more comes in', () => {
    const memory = new MemoryBudget(1_000)
    let wakes = 0
    const admission = createAdmission({ requestsMax: 10, heldBytesMax: 800 }, memory)
    admission.hold(600)
    memory.join(() => (wakes += 1)).charge(300, 1)
    admission.hold(100)
    expect(wakes).toBe(0)
    admission.release(700)
    expect(wakes).toBe(1)
  })
})
