import { constants, PerformanceObserver } from 'node:perf_hooks'
import { expect, it } from 'vitest'
import { collectGarbage } from '../../../src/cli/start-garbage.ts'

it('what a start left behind is collected, all of the heap at once', async () => {
  const major = Promise.withResolvers<void>()
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as typeof entry & { readonly detail: { readonly kind: number } }
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major.resolve()
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  await collectGarbage()
  await expect(major.promise).resolves.toBeUndefined()
  observer.disconnect()
})
