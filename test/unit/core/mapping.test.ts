import { describe, expect, it } from 'vitest'
import { inspect, deadline } from '../../../src/core/mapping/step.ts'
import { drive } from './mapping-drive.ts'

describe('the life of a mapping', () => {
  // proves: state.create
  it('becomes Enabled and runs one flow for a queue, once the queue was seen', () => {
    const mapping = drive(false)
    mapping.start('Creating')
    mapping.list('')
    expect(mapping.started()).toEqual(['queue:first'])
    expect(mapping.take('save').state).toBe('Enabled')
  })

  it('is Enabled although its source is missing, and attaches when it appears (sls#241)', () => {
    const mapping = drive(true)
    mapping.start('Creating')
    mapping.look({ kind: 'missing', message: 'no such stream' })
    expect(mapping.take('save').state).toBe('Enabled')
    expect(mapping.take('sourceTrouble')).toMatchObject({ trouble: 'missing', retryMs: 500 })
    expect(mapping.toDeadline()).toBe(500)
    mapping.look({ kind: 'missing', message: 'no such stream' })
    expect(mapping.toDeadline()).toBe(1000)
    mapping.list('one', ['a'])
    expect(mapping.started()).toEqual(['a:first'])
    expect(mapping.open()).toContain('sourceHealthy')
  })

  it('says once that the source is there again, and waits no longer than at first when it goes away again', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    for (let round = 0; round < 4; round++) {
      mapping.look({ kind: 'missing', message: 'gone' })
      mapping.toDeadline()
    }
    mapping.list('one', ['a'])
    mapping.toDeadline()
    mapping.list('one', ['a'])
    expect(mapping.log.filter((each) => each.kind === 'sourceHealthy')).toHaveLength(1)
    mapping.toDeadline()
    mapping.look({ kind: 'missing', message: 'gone' })
    expect(mapping.toDeadline()).toBe(500)
  })

  it('waits for its function without a word about the source, and begins when it is there', () => {
    const mapping = drive(false)
    mapping.start('Enabled')
    mapping.look({ kind: 'functionMissing' })
    expect(mapping.toDeadline()).toBe(500)
    mapping.look({ kind: 'functionMissing' })
    expect(mapping.toDeadline()).toBe(1_000)
    mapping.list('')
    expect(mapping.started()).toEqual(['queue:first'])
    expect(mapping.log.map((each) => each.kind)).not.toContain('sourceTrouble')
    expect(mapping.log.map((each) => each.kind)).not.toContain('sourceHealthy')
  })

  it('says that the source is there again also when the function is what is missing then', () => {
    const mapping = drive(false)
    mapping.start('Enabled')
    mapping.look({ kind: 'missing', message: 'no such queue' })
    mapping.toDeadline()
    mapping.look({ kind: 'functionMissing' })
    mapping.toDeadline()
    mapping.list('')
    expect(mapping.log.filter((each) => each.kind === 'sourceHealthy')).toHaveLength(1)
  })

  it('waits at least as long as the source asks for', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.look({ kind: 'throttled', message: 'slow down', retryAfterMs: 9_000 })
    expect(mapping.toDeadline()).toBe(9_000)
    mapping.look({ kind: 'throttled', message: 'slow down', retryAfterMs: 86_400_000 })
    expect(mapping.toDeadline()).toBe(60_000)
  })

  // proves: state.restart
  it.each(['Creating', 'Enabling', 'Updating'] as const)('continues from %s to Enabled after a restart', (state) => {
    const mapping = drive(false)
    mapping.start(state)
    mapping.list('')
    expect(mapping.take('save').state).toBe('Enabled')
    expect(mapping.started()).toEqual(['queue:first'])
  })

  it('says nothing about its state after a restart in Enabled', () => {
    const mapping = drive(false)
    mapping.start('Enabled')
    mapping.list('')
    expect(mapping.open()).toEqual(['startFlow'])
  })

  it('continues from Disabling to Disabled after a restart, and asks the source for nothing', () => {
    const mapping = drive(true)
    mapping.start('Disabling', false)
    expect(mapping.take('save').state).toBe('Disabled')
    expect(mapping.open()).toEqual([])
    expect(deadline(mapping.machine)).toBeNull()
  })

  // proves: state.create-disabled.stream
  it('passes a stream that is created disabled from Creating to Disabled', () => {
    const mapping = drive(true)
    mapping.start('Creating', false)
    expect(mapping.take('save').state).toBe('Disabled')
    expect(mapping.open()).toEqual([])
  })

  it('completes a delete after a restart', () => {
    const mapping = drive(true)
    mapping.start('Deleting')
    mapping.send({ kind: 'removed', id: mapping.take('remove').id })
    expect(mapping.open()).toEqual(['stopped'])
  })

  // proves: state.disable-finishes
  it('drains its flows before it is Disabled, and resumes when it is enabled again', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'], ['b'])
    mapping.started()
    mapping.send({ kind: 'changed', state: 'Disabling' })
    expect(mapping.take('drainFlow')).toEqual({ kind: 'drainFlow', id: mapping.flowId('a'), reason: 'disable' })
    expect(mapping.take('drainFlow').id).toBe(mapping.flowId('b'))
    mapping.end('a', 'drained')
    expect(mapping.open()).toEqual([])
    mapping.end('b', 'drained')
    expect(mapping.take('save').state).toBe('Disabled')
    expect(deadline(mapping.machine)).toBeNull()

    mapping.send({ kind: 'saved', id: 999 })
    mapping.send({ kind: 'changed', state: 'Enabling' })
    // What was listed before it was disabled may be long gone.
    expect(mapping.started()).toEqual([])
    mapping.list('one', ['a'], ['b'])
    expect(mapping.started()).toEqual(['a:first', 'b:first'])
    expect(mapping.take('save').state).toBe('Enabled')
  })

  it('gives up the look that is out when it is disabled, and waits for its answer', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    const { id } = mapping.take('describe')
    mapping.send({ kind: 'changed', state: 'Disabling' })
    expect(mapping.take('cancel').id).toBe(id)
    mapping.send({ kind: 'timer' })
    expect(mapping.open()).toEqual([])
    mapping.send({ kind: 'cancelled', id })
    expect(mapping.take('save').state).toBe('Disabled')
  })

  // proves: state.delete
  it('removes itself only after its flows have drained', () => {
    const mapping = drive(false)
    mapping.start('Enabled')
    mapping.list('')
    mapping.started()
    mapping.send({ kind: 'changed', state: 'Deleting' })
    expect(mapping.take('drainFlow').reason).toBe('delete')
    expect(mapping.open()).toEqual([])
    mapping.end('queue', 'drained')
    mapping.send({ kind: 'removed', id: mapping.take('remove').id })
    expect(mapping.open()).toEqual(['stopped'])
  })

  it('stops after its flows have drained, and keeps its state', () => {
    const mapping = drive(false)
    mapping.start('Enabled')
    mapping.list('')
    mapping.started()
    mapping.send({ kind: 'stop' })
    expect(mapping.take('drainFlow').reason).toBe('stop')
    mapping.end('queue', 'drained')
    expect(mapping.open()).toEqual(['stopped'])
    expect(mapping.machine.phase).toBe('Enabled')
  })

  // proves: state.update-in-effect
  it('lays an update over the running flows and is Enabled when that is done (LocalStack#5982)', () => {
    const mapping = drive(false)
    mapping.start('Enabled')
    mapping.list('')
    mapping.started()
    mapping.send({ kind: 'changed', state: 'Updating' })
    const { id } = mapping.take('configure')
    expect(mapping.open()).toEqual([])
    mapping.send({ kind: 'configured', id })
    expect(mapping.take('save').state).toBe('Enabled')
    expect(mapping.log.filter((each) => each.kind === 'drainFlow')).toEqual([])
  })

  it('looks at once whether an update has ended what it waits for', () => {
    const mapping = drive(false)
    mapping.start('Enabled')
    for (let looks = 0; looks < 5; looks++) {
      mapping.look({ kind: 'functionMissing' })
      mapping.toDeadline()
    }
    const { id } = mapping.take('describe')
    mapping.send({ kind: 'changed', state: 'Updating' })
    expect(mapping.take('cancel').id).toBe(id)
    mapping.send({ kind: 'cancelled', id })
    mapping.list('')
    expect(mapping.started()).toEqual(['queue:first'])
  })

  it('starts a failed flow again, later each time, and anew after it ran well', () => {
    const mapping = drive(false)
    mapping.start('Enabled')
    mapping.list('')
    mapping.started()
    mapping.end('queue', 'failed')
    expect(mapping.started()).toEqual([])
    expect(mapping.toDeadline()).toBe(1_000)
    expect(mapping.started()).toEqual(['queue:first'])
    mapping.end('queue', 'failed')
    expect(mapping.toDeadline()).toBe(2_000)
    mapping.started()
    mapping.pass(70_000)
    mapping.end('queue', 'failed')
    mapping.list('')
    expect(mapping.toDeadline()).toBe(1_000)
  })
})

describe('ten thousand shards', () => {
  const count = 10_000
  const name = (index: number): string => `shard-${index}`

  /** A listing that counts how often it is asked for a shard; every second one has a child. */
  function counted() {
    const reads = { shards: 0 }
    const shardOf = (shardId: string, parentIds: readonly string[]) => ({
      get shardId() {
        reads.shards += 1
        return shardId
      },
      parentIds,
    })
    const parents = Array.from({ length: count }, (_, index) => shardOf(name(index), []))
    const children = Array.from({ length: count / 2 }, (_, index) => shardOf(`child-${index}`, [name(2 * index)]))
    return { reads, shards: [...parents, ...children] }
  }

  // proves: stream.reshard.cost
  it('are planned once for each listing: the end of one looks at no other but its children', () => {
    const mapping = drive(true)
    const { reads, shards } = counted()
    mapping.start('Enabled')
    mapping.look({ kind: 'found', incarnation: 'one', shards })
    expect(mapping.started()).toHaveLength(count)
    // Laid out once, in a few passes.
    expect(reads.shards / shards.length).toBeLessThan(8)
    reads.shards = 0
    for (let index = 0; index < 1_000; index++) mapping.end(name(index))
    expect(mapping.started()).toHaveLength(500)
    expect(reads.shards).toBe(0)
  })

  it('cost one end as little as a hundred do, whatever was finished and dropped before', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ...Array.from({ length: count }, (_, index): [string] => [name(index)]))
    mapping.started()
    for (let index = 0; index < count - 2; index++) mapping.end(name(index))
    mapping.toDeadline()
    const { reads, shards } = counted()
    mapping.look({ kind: 'found', incarnation: 'one', shards: shards.slice(count - 2, count) })
    reads.shards = 0
    const absences = countingMap(mapping.machine.discovery.absences)
    Object.assign(mapping.machine.discovery, { absences })
    mapping.end(name(count - 1))
    mapping.end(name(count - 2))
    expect(reads.shards).toBe(0)
    expect(absences.walks).toBeLessThan(2)
  })
})

/** A map that counts how often it is walked through. */
function countingMap<Key, Value>(of: ReadonlyMap<Key, Value>): Map<Key, Value> & { walks: number } {
  const map = Object.assign(new Map(of), { walks: 0 })
  const entries = map[Symbol.iterator].bind(map)
  map[Symbol.iterator] = () => {
    map.walks += 1
    return entries()
  }
  return map
}

describe('discovery', () => {
  // own reading: late shards
  // proves: stream.start.late-shards, stream.reshard
  it('starts children after their parent is done, each from its beginning', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['parent'])
    expect(mapping.started()).toEqual(['parent:first'])
    mapping.end('parent')
    expect(mapping.toDeadline()).toBe(100)
    mapping.list('one', ['parent'], ['left', 'parent'], ['right', 'parent'])
    expect(mapping.started()).toEqual(['left:late', 'right:late'])
  })

  it('looks again, ever less often, while a finished shard has no children listed (behaviour §13.12)', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['parent'])
    mapping.started()
    mapping.end('parent')
    const waits = Array.from({ length: 11 }, () => {
      const waitedMs = mapping.toDeadline()
      mapping.list('one', ['parent'])
      return waitedMs
    })
    expect(waits).toEqual([100, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000])
  })

  it('reads what was closed before reading began first, and what waits for it from the start position', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['parent'], ['child', 'parent'])
    expect(mapping.started()).toEqual(['parent:first'])
    expect(inspect(mapping.machine).waiting).toEqual([{ shardId: 'child', parentIds: ['parent'] }])
    mapping.end('parent')
    expect(mapping.started()).toEqual(['child:first'])
  })

  it('does not read again what its checkpoints call done, unless the stream lives anew', () => {
    const mapping = drive(true)
    mapping.send({ kind: 'start', state: 'Enabled', enabled: true })
    mapping.send({ kind: 'loaded', id: mapping.take('load').id, done: [{ flow: 'a', incarnation: 'one' }] })
    mapping.list('one', ['a'], ['b', 'a'])
    expect(mapping.started()).toEqual(['b:first'])
    mapping.toDeadline()
    mapping.list('two', ['a'], ['b', 'a'])
    expect(mapping.started()).toEqual(['a:late'])
  })

  it('expects no children of a shard that ended in another life of its stream', () => {
    const mapping = drive(true)
    mapping.send({ kind: 'start', state: 'Enabled', enabled: true })
    mapping.send({ kind: 'loaded', id: mapping.take('load').id, done: [{ flow: 'a', incarnation: 'one' }] })
    mapping.list('two', ['a'])
    expect(mapping.started()).toEqual(['a:first'])
    expect(mapping.toDeadline()).toBe(30_000)
  })

  it('counts a parent as done that two listings lack and that nobody can read (behaviour §13.5)', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['child', 'gone'])
    expect(mapping.started()).toEqual(['gone:first'])
    mapping.send({ kind: 'flowRefused', flow: 'gone', refused: true })
    expect(mapping.open()).toEqual([])
    mapping.toDeadline()
    mapping.list('one', ['child', 'gone'])
    // What was read of it is finished first; told once.
    expect(mapping.take('shardGone')).toMatchObject({ flow: 'gone', id: mapping.flowId('gone') })
    mapping.toDeadline()
    mapping.list('one', ['child', 'gone'])
    expect(mapping.log.filter(({ kind }) => kind === 'shardGone' || kind === 'drainFlow')).toHaveLength(1)
    expect(mapping.started()).toEqual([])
    mapping.end('gone', 'drained')
    expect(mapping.started()).toEqual(['child:first'])
  })

  it('reads a shard of the next life although one of that name was given up with the life before', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'], ['b'])
    expect(mapping.started()).toEqual(['a:first', 'b:first'])
    // The stream is made again with one shard; nobody can read the other one any more.
    mapping.send({ kind: 'flowRefused', flow: 'b', refused: true })
    for (let round = 0; round < 2; round++) {
      mapping.toDeadline()
      mapping.list('two', ['a'])
    }
    expect(mapping.take('shardGone')).toMatchObject({ flow: 'b', incarnation: 'two' })
    mapping.end('b', 'drained')
    mapping.toDeadline()
    mapping.list('two', ['a'], ['b', 'a'])
    expect(mapping.started()).toEqual([])
    mapping.end('a', 'finished', 'two')
    expect(mapping.started()).toEqual(['b:late'])
  })

  // Found by seed 901080 of the engine: a timer in the past, again and again.
  it('names no moment that is over for a shard that must wait for the next listing', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'], ['b'])
    mapping.started()
    mapping.end('a', 'failed')
    mapping.end('b', 'finished', 'two')
    mapping.pass(100_000)
    mapping.take('describe')
    expect(deadline(mapping.machine)).toBeNull()
  })

  it('waits for the next listing when a shard ended in a life that the last one did not show', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'], ['b', 'a'])
    expect(mapping.started()).toEqual(['a:first'])
    mapping.end('a', 'finished', 'two')
    // Started again it would end again, as fast as the machine can.
    expect(mapping.started()).toEqual([])
    mapping.toDeadline()
    expect(mapping.started()).toEqual([])
    mapping.list('two', ['a'], ['b', 'a'])
    expect(mapping.started()).toEqual(['b:late'])
  })

  it('waits for a parent that can still be read although it is not listed', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['child', 'dropped'])
    mapping.started()
    for (let round = 0; round < 3; round++) {
      mapping.toDeadline()
      mapping.list('one', ['child', 'dropped'])
    }
    expect(mapping.log.some((each) => each.kind === 'shardGone')).toBe(false)
    mapping.end('dropped')
    expect(mapping.started()).toEqual(['child:first'])
  })

  it('does not give up shards because the whole stream is away for a while', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['a'])
    mapping.started()
    mapping.send({ kind: 'flowRefused', flow: 'a', refused: true })
    for (let round = 0; round < 4; round++) {
      mapping.toDeadline()
      mapping.look({ kind: 'missing', message: 'gone' })
    }
    mapping.toDeadline()
    mapping.list('one', ['a'])
    mapping.send({ kind: 'flowRefused', flow: 'a', refused: false })
    expect(mapping.log.some((each) => each.kind === 'shardGone')).toBe(false)
  })

  it('forgets a finished shard an hour after the listing dropped it', () => {
    const mapping = drive(true)
    mapping.start('Enabled')
    mapping.list('one', ['parent'])
    mapping.started()
    mapping.end('parent')
    mapping.toDeadline()
    mapping.list('one', ['child', 'parent'])
    mapping.toDeadline()
    mapping.list('one', ['child'])
    expect(mapping.open()).not.toContain('forget')
    mapping.pass(3_600_000)
    mapping.list('one', ['child'])
    expect(mapping.take('forget').flow).toBe('parent')
    expect(mapping.open()).not.toContain('forget')
  })
})
