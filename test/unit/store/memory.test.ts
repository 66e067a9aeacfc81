import { createMemoryStore } from '../../../src/store/memory.ts'
import { describeStore } from '../../contract/store-contract.ts'

describeStore('memory', async () => {
  const store = await Promise.resolve(createMemoryStore())
  return { store, reopen: null, cleanUp: () => store.close() }
})
