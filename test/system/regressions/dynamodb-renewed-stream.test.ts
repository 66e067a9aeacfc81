import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ok, throwing } from '../../support/functions/behaviour.ts'
import { queueArn } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'
import { metric, ofTable, startRig, type Rig } from './rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})
afterEach(() => rig.stop())

interface TableEvent {
  readonly Records: readonly {
    readonly eventSourceARN: string
    readonly dynamodb: { readonly Keys: { readonly id: { readonly S: string } } }
  }[]
}

const inTurn = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)

/** Which stream each item's change came from, as the function saw it. */
function streamsSeen(): ReadonlyMap<string, string> {
  const events = rig.functions.invocations.map(({ payload }) => JSON.parse(payload) as TableEvent)
  const records = events.flatMap(({ Records }) => Records)
  return new Map(records.map(({ dynamodb, eventSourceARN }) => [dynamodb.Keys.id.S, eventSourceARN]))
}

describe('a DynamoDB stream that was disabled and enabled again', () => {
  // proves: ddb.stream-renewed
  it('is read to its end before the next one begins, over restarts and further ones', async () => {
    const { tables, run, seen, functions } = rig
    const mapping = ofTable('dynamodb:orders', { BatchSize: 2 })
    const arns = [tables.createTable('orders', { shards: 2 })]
    let isBlocked = true
    functions.behave(() => (isBlocked ? throwing() : ok()))
    const writeAll = (ids: readonly string[]) => ids.forEach((id) => tables.put('orders', id))
    writeAll(inTurn('a', 20))
    const first = await run(mapping)
    await until(() => seen().length > 0, 'the first stream is read')
    tables.roll('orders')
    writeAll(inTurn('b', 20))
    tables.disableStream('orders')
    arns.push(tables.enableStream('orders', { viewType: 'KEYS_ONLY' }))
    writeAll(inTurn('c', 20))
    await first.stop()
    tables.disableStream('orders')
    arns.push(tables.enableStream('orders', { shards: 2 }))
    writeAll(inTurn('d', 20))
    isBlocked = false
    const before = seen().length
    const second = await run(mapping)
    await until(() => new Set(seen().slice(before)).size === 80, 'every record')
    const generations = seen()
      .slice(before)
      .map((id) => id.charAt(0))
    // Inside the first stream its two shards go their own ways; a stream is a parent of the next one.
    expect(generations.findLastIndex((each) => each === 'a' || each === 'b')).toBeLessThan(generations.indexOf('c'))
    expect(generations.lastIndexOf('c')).toBeLessThan(generations.indexOf('d'))
    const streams = streamsSeen()
    expect(['a0', 'b0', 'c0', 'd0'].map((id) => streams.get(id))).toEqual([arns[0], arns[0], arns[1], arns[2]])
    expect(await metric(second, 'millrace_lost_positions_total')).toBe(0)
    const { EventSourceMappings } = await second.lambda.send(new ListEventSourceMappingsCommand({}))
    expect(EventSourceMappings?.[0]?.EventSourceArn).toBe(arns[2])
  })

  // proves: ddb.stream-renewed
  it('is named by its own ARN in the failure records of what it held', async () => {
    const { tables, run, seen, functions, queue, sqs, queues } = rig
    queue('failures')
    const old = tables.createTable('orders')
    functions.behave(({ payload }) => (payload.includes('poison') ? throwing() : ok()))
    const first = await run(ofTable('dynamodb:orders'))
    tables.put('orders', 'a')
    await until(() => seen().includes('a'), 'the mapping is attached')
    await first.stop()
    tables.put('orders', 'poison')
    tables.disableStream('orders')
    const young = tables.enableStream('orders')
    tables.put('orders', 'b')
    await run(
      ofTable('dynamodb:orders', {
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: queueArn('failures') } },
      }),
    )
    await until(() => seen().includes('b'), 'the record of the new stream')
    const QueueUrl = queues.inspectQueue('failures')?.url ?? ''
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
    expect(JSON.parse(Messages?.[0]?.Body ?? '{}')).toMatchObject({
      DDBStreamBatchInfo: { streamArn: old, batchSize: 1 },
    })
    expect(streamsSeen()).toEqual(
      new Map([
        ['a', old],
        ['poison', old],
        ['b', young],
      ]),
    )
  })

  it('is none of a mapping that was made when the next one was there', async () => {
    const { tables, run, seen } = rig
    tables.createTable('orders')
    tables.put('orders', 'old')
    tables.disableStream('orders')
    tables.enableStream('orders')
    tables.put('orders', 'new')
    await run(ofTable('dynamodb:orders'))
    await until(() => seen().includes('new'), 'the record of the newest stream')
    expect(seen()).toEqual(['new'])
  })

  it('is left, said and counted, once it can be read no more', async () => {
    const { tables, run, seen } = rig
    tables.createTable('orders')
    const millrace = await run(ofTable('dynamodb:orders'))
    tables.put('orders', 'a')
    await until(() => seen().includes('a'), 'the mapping is attached')
    tables.disableStream('orders')
    tables.enableStream('orders')
    tables.forgetStreams('orders')
    tables.put('orders', 'b')
    await until(() => seen().includes('b'), 'the record of the new stream')
    await until(async () => (await metric(millrace, 'millrace_lost_positions_total')) === 1, 'the position is counted')
    expect(seen()).toEqual(['a', 'b'])
  })

  it('is said and counted as well when it vanished while Millrace was stopped', async () => {
    const { tables, run, seen } = rig
    tables.createTable('orders')
    const first = await run(ofTable('dynamodb:orders'))
    tables.put('orders', 'a')
    await until(() => seen().includes('a'), 'the mapping is attached')
    await first.stop()
    tables.put('orders', 'unread')
    tables.disableStream('orders')
    tables.enableStream('orders')
    tables.forgetStreams('orders')
    tables.put('orders', 'b')
    const second = await run(ofTable('dynamodb:orders'))
    await until(() => seen().includes('b'), 'the record of the new stream')
    expect(seen()).toEqual(['a', 'b'])
    expect(await metric(second, 'millrace_lost_positions_total')).toBe(1)
    await second.stop()
    const third = await run(ofTable('dynamodb:orders'))
    tables.put('orders', 'c')
    await until(() => seen().includes('c'), 'the next record')
    expect(await metric(third, 'millrace_lost_positions_total')).toBe(0)
  })
})
