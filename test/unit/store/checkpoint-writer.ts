import { openStore } from '../../../src/store/store-opener.ts'

/**
 * A process to be killed: writes checkpoints of eight flows as fast as the store takes them and says which are
 * acknowledged, one line each. Arguments: the store's URL; `hold` to open it and only say so.
 */
const [url = '', mode] = process.argv.slice(2)
const store = await openStore(url)
process.stdout.write('open\n')
if (mode === 'hold') {
  setInterval(() => undefined, 60_000)
} else {
  await Promise.all(Array.from({ length: 8 }, (_, flow) => writeForEver(`s${flow}`)))
}

async function writeForEver(flow: string): Promise<void> {
  const { fence, checkpoint } = await store.openFlow('a', flow)
  let position = Number(checkpoint?.watermark ?? 0)
  for (;;) {
    position += 1
    const next = { incarnation: 'first', watermark: String(position), completed: [], window: null, done: false }
    const answer = await store.writeCheckpoint('a', flow, fence, next)
    process.stdout.write(`${answer} ${flow} ${position}\n`)
  }
}
