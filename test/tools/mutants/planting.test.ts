import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCore } from './core-files.ts'
import { mutants } from './mutants.ts'
import { Planting, plant } from './planting.ts'

const mutant = {
  in: 'count',
  bug: 'one too many',
  find: 'return size(\n  items,\n)',
  replace: 'return size(items) + 1',
}

function placeIn(...texts: readonly string[]) {
  return new Planting(new Map(texts.map((text, index) => [`${index}.ts`, text]))).placeOf(mutant)
}

describe('the place of a planted bug', () => {
  it('is found however the code is laid out and commented', () => {
    const text =
      'const other = 1\n\nexport function count(items) {\n  // All of them.\n  return size( items ); /* sic */\n}\n'
    const place = placeIn(text)
    if (typeof place === 'string') throw new Error(place)
    expect(plant(text, place, mutant.replace)).toContain('  return size(items) + 1; /* sic */')
  })

  it('is found in whichever file the declaration stands, and in one alone of two of that name', () => {
    expect(placeIn('export const x = 1', 'function count(items) { return size(items) }')).toMatchObject({
      file: '1.ts',
    })
    expect(placeIn('function count() { return 0 }', 'const count = (items) => { return size(items) }')).toMatchObject({
      file: '1.ts',
    })
  })

  it('is none where the tokens are missing, or stand there twice, and says so', () => {
    expect(placeIn('function count(items) { return size(item) }')).toBe(
      '"one too many" cannot be planted: count (0.ts) has its tokens 0 times, expected once.',
    )
    const twice = 'function count(items) { if (x) return size(items)\nreturn size(items) }'
    expect(placeIn(twice)).toContain('2 times')
    expect(placeIn('function size() {}')).toContain('nothing in src/core is called count')
  })

  it('is there for every bug of the list', async () => {
    const planting = new Planting(await readCore(join(import.meta.dirname, '../../..')))
    expect(mutants.length).toBeGreaterThan(100)
    expect(mutants.map((each) => planting.placeOf(each)).filter((place) => typeof place === 'string')).toEqual([])
  })

  it('is named by a bug of its own', () => {
    expect(new Set(mutants.map(({ bug }) => bug)).size).toBe(mutants.length)
  })
})
