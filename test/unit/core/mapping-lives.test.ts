import { describe, expect, it } from 'vitest'
import { deadline } from '../../../src/core/mapping/step.ts'
import { drive, lifeOf } from './mapping-drive.ts'

describe('older lives of a source', () => {
  /** The stream `one`, which the mapping reads, was disabled; `two` and `three` came after it. */
  const renewed = (mapping: ReturnType<typeof drive>, ...older: readonly ReturnType<typeof lifeOf>[]) =>
    mapping.look({ kind: 'found', ...lifeOf('three', ['c']), older })

  const one = lifeOf('one', ['a'], ['b', 'a'])

  it('are read to their ends one after the other before the newest begins', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'])
    expect(mapping.started()).toEqual(['a:first'])
    mapping.pass(30_000)
    renewed(mapping, one, lifeOf('two', ['x']))
    expect(mapping.started()).toEqual([])
    mapping.end('a')
    mapping.toDeadline()
    renewed(mapping, one, lifeOf('two', ['x']))
    expect(mapping.started()).toEqual(['b:late'])
    mapping.end('b')
    for (let look = 0; look < 2; look++) {
      expect(mapping.toDeadline()).toBeLessThan(1_000)
      renewed(mapping, one, lifeOf('two', ['x']))
    }
    expect(mapping.started()).toEqual(['x:late'])
    mapping.end('x', 'finished', 'two')
    for (let look = 0; look < 2; look++) {
      mapping.toDeadline()
      renewed(mapping, one, lifeOf('two', ['x']))
    }
    expect(mapping.started()).toEqual(['c:late'])
    expect(mapping.log.flatMap((each) => (each.kind === 'attach' ? each.incarnation : []))).toEqual([
      'one',
      'two',
      'three',
    ])
  })

  it('are left only when a second look finds nothing: the child of the last shard may be listed late', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    renewed(mapping, lifeOf('one', ['a']))
    expect(mapping.started()).toEqual(['a:first'])
    mapping.end('a')
    mapping.toDeadline()
    renewed(mapping, lifeOf('one', ['a']))
    expect(mapping.started()).toEqual([])
    mapping.toDeadline()
    renewed(mapping, one)
    expect(mapping.started()).toEqual(['b:late'])
  })

  it('that hold no shard any more, or only finished ones from before a restart, keep nobody waiting', () => {
    const mapping = drive(true)
    mapping.send({ kind: 'start', state: 'Enabled', enabled: true })
    mapping.send({ kind: 'loaded', id: mapping.take('load').id, done: [{ flow: 'a', incarnation: 'one' }] })
    const older = [lifeOf('one', ['a']), lifeOf('two')]
    for (let look = 0; look < 3; look++) {
      renewed(mapping, ...older)
      if (look < 2) expect(mapping.toDeadline()).toBeLessThan(1_000)
    }
    expect(mapping.started()).toEqual(['c:late'])
  })

  it('are waited for as long as one of their flows holds anything, listed or not', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'])
    expect(mapping.started()).toEqual(['a:first'])
    for (let look = 0; look < 3; look++) {
      mapping.pass(30_000)
      renewed(mapping, lifeOf('one'))
      expect(mapping.started()).toEqual([])
    }
    mapping.end('a')
    for (let look = 0; look < 2; look++) {
      mapping.toDeadline()
      renewed(mapping, lifeOf('one'))
    }
    expect(mapping.started()).toEqual(['c:late'])
  })

  it('whose shards have the same names are told apart', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    const look = () => mapping.look({ kind: 'found', ...lifeOf('two', ['a']), older: [lifeOf('one', ['a'])] })
    look()
    expect(mapping.started()).toEqual(['a:first'])
    mapping.end('a')
    mapping.toDeadline()
    look()
    mapping.toDeadline()
    look()
    expect(mapping.log.filter(({ kind }) => kind === 'startFlow')).toMatchObject([
      { flow: 'a', incarnation: 'one' },
      { flow: 'a', incarnation: 'two' },
    ])
  })

  it('that were left are never gone back to, whatever a late look says of them', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    const late = () => mapping.look({ kind: 'found', ...lifeOf('two', ['a']), older: [lifeOf('one', ['a'])] })
    late()
    mapping.started()
    mapping.end('a')
    for (let look = 0; look < 2; look++) {
      mapping.toDeadline()
      late()
    }
    expect(mapping.started()).toEqual(['a:late'])
    // The shard of that name is another one now, and not done.
    mapping.pass(30_000)
    late()
    expect(mapping.log.filter(({ kind }) => kind === 'attach')).toHaveLength(2)
    mapping.end('a', 'failed')
    mapping.pass(60_000)
    expect(mapping.log.findLast(({ kind }) => kind === 'startFlow')).toMatchObject({ incarnation: 'two' })
  })

  it('that can be read no more are left at once', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'])
    mapping.started()
    mapping.pass(30_000)
    mapping.list('two', ['x'])
    expect(mapping.started()).toEqual(['x:late'])
  })

  it('are begun only when the store knows which one is read', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.send({
      kind: 'described',
      id: mapping.take('describe').id,
      result: { kind: 'found', ...lifeOf('two', ['x']), older: [lifeOf('one', ['a'])] },
    })
    expect(mapping.started()).toEqual([])
    mapping.send({ kind: 'attached', id: mapping.take('attach').id })
    expect(mapping.started()).toEqual(['a:first'])
  })

  // Found by seed 6010 of the engine: a timer in the past, again and again.
  it('name no moment that is over while the store is asked to write down which one is read', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'])
    mapping.started()
    mapping.end('a', 'failed')
    mapping.pass(30_000)
    mapping.started()
    mapping.end('a', 'failed')
    const id = mapping.take('describe').id
    mapping.send({ kind: 'described', id, result: { kind: 'found', ...lifeOf('two', ['a']) } })
    mapping.pass(5_000)
    expect(deadline(mapping.machine)).toBeGreaterThan(35_000)
    mapping.attached()
    expect(mapping.started()).toEqual(['a:late'])
  })
})
