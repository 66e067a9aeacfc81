import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../../support/until.ts'
import { functionCauses } from './function-causes.ts'
import { queueCauses } from './queue-causes.ts'
import { sourceCauses } from './source-causes.ts'
import { stateCauses } from './state-causes.ts'
import { streamCauses } from './stream-causes.ts'
import { startWhyWorld, timeless, type Explained, type Row } from './world.ts'

const rows: readonly Row[] = [...stateCauses, ...sourceCauses, ...functionCauses, ...queueCauses, ...streamCauses]

let world: Awaited<ReturnType<typeof startWhyWorld>>

beforeAll(async () => {
  world = await startWhyWorld()
})

afterEach(async () => {
  await world.seen()
})

afterAll(async () => {
  await world.stop()
})

async function explanationAt({ endpoint, about }: Awaited<ReturnType<Row['provoke']>>): Promise<Explained | undefined> {
  const query = about === undefined ? '' : `?about=${encodeURIComponent(about)}`
  const answer = await fetch(`${endpoint}/_millrace/why${query}`)
  return ((await answer.json()) as { readonly explanations: readonly Explained[] }).explanations[0]
}

describe('why, asked about a world in which it happens,', () => {
  it.each(rows.map((row) => [row.what, row] as const))('says it of %s', async (_, row) => {
    const asked = await row.provoke(world)
    let said = ''
    await until(
      async () => {
        const explained = await explanationAt(asked)
        const sentences =
          row.isAnswer === false
            ? (explained?.findings ?? []).filter(({ cause }) => cause === row.cause).map(({ sentence }) => sentence)
            : [explained?.cause === row.cause ? explained.answer : '']
        said = sentences.map(timeless).find((sentence) => sentence === row.says) ?? sentences.map(timeless).join('\n')
        return said === row.says
      },
      row.says,
      { secondsMax: 20 },
    ).catch(() => {
      // What it says instead is the better message.
    })
    expect(said).toBe(row.says)
  })
})
