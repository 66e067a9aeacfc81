import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { SourceRecord } from '../../../src/model/record.ts'
import { openSqsSource } from '../../../src/sources/sqs.ts'
import { neverAborted, readRequest } from '../../contract/source-contract.ts'
import { mappingOf } from '../../support/sources/documents.ts'
import { ok, refusal, scriptedAccess } from '../../support/sources/scripted-access.ts'
import type { Script, ScriptedAccess } from '../../support/sources/scripted-access.ts'

const arn = 'arn:aws:sqs:us-east-1:111122223333:orders'
const url = 'http://sqs.us-east-1.localhost:4566/111122223333/orders'

/** Answers the URL, and everything else by the script. What it does not refuse of a batch is deleted. */
function withUrl(script: Script): Script {
  return async (call, nth) => {
    if (call.operation === 'GetQueueUrl') return ok({ QueueUrl: url })
    const result = await script(call, nth)
    return call.operation === 'DeleteMessageBatch' && result.kind === 'ok'
      ? ok({ Successful: call.input['Entries'], ...Object(result.output) })
      : result
  }
}

function open(access: ScriptedAccess, name = arn) {
  return openSqsSource(mappingOf(name.endsWith('.fifo') ? 'sqs-fifo' : 'sqs', name), access)
}

function recordOf(receipt: string): SourceRecord {
  const text = { id: receipt, position: '', receipt, fragment: '{}', orderKey: '' }
  return { ...text, bytes: 2, orderHash: 0, arrivedMs: 1 }
}

const records = (count: number): readonly SourceRecord[] =>
  Array.from({ length: count }, (_, nth) => recordOf(`r${nth}`))

describe("the queue's URL", () => {
  // proves: access.queue-url
  it("is asked for with the ARN's account, once, and used as the service returned it", async () => {
    const access = scriptedAccess(withUrl(() => ok({})))
    const source = open(access)
    await source.read(readRequest(), neverAborted)
    await source.read(readRequest(), neverAborted)
    expect(access.inputs('GetQueueUrl')).toEqual([{ QueueName: 'orders', QueueOwnerAWSAccountId: '111122223333' }])
    expect(access.inputs('ReceiveMessage').map(({ QueueUrl }) => QueueUrl)).toEqual([url, url])
  })

  it('is asked for again after the queue was missing', async () => {
    const access = scriptedAccess(withUrl((_call, nth) => (nth === 1 ? refusal('QueueDoesNotExist') : ok({}))))
    const source = open(access)
    expect((await source.read(readRequest(), neverAborted)).kind).toBe('missing')
    expect((await source.read(readRequest(), neverAborted)).kind).toBe('records')
    expect(access.inputs('GetQueueUrl')).toHaveLength(2)
  })

  it('is that of the bare name where an emulator keeps a FIFO queue without its suffix (sls#189)', async () => {
    const access = scriptedAccess((call) => {
      if (call.operation !== 'GetQueueUrl') return ok({})
      return call.input['QueueName'] === 'orders' ? ok({ QueueUrl: url }) : refusal('QueueDoesNotExist')
    })
    expect((await open(access, `${arn}.fifo`).read(readRequest(), neverAborted)).kind).toBe('records')
    expect(access.inputs('GetQueueUrl').map(({ QueueName }) => QueueName)).toEqual(['orders.fifo', 'orders'])
  })

  it('is never guessed like that at AWS', async () => {
    const access = scriptedAccess(() => refusal('QueueDoesNotExist'), true)
    expect((await open(access, `${arn}.fifo`).read(readRequest(), neverAborted)).kind).toBe('missing')
    expect(access.inputs('GetQueueUrl')).toHaveLength(1)
  })

  it('follows from the ARN where a role of AWS may not ask for it', async () => {
    const access = scriptedAccess((call) => (call.operation === 'GetQueueUrl' ? refusal('AccessDenied') : ok({})), true)
    await open(access).read(readRequest(), neverAborted)
    expect(access.inputs('ReceiveMessage')[0]?.['QueueUrl']).toBe(
      'https://sqs.us-east-1.amazonaws.com/111122223333/orders',
    )
  })
})

describe('emulators', () => {
  it('are not sent an owner that is no account', async () => {
    const access = scriptedAccess(withUrl(() => ok({})))
    await open(access, 'arn:aws:sqs:elasticmq:root:orders').read(readRequest(), neverAborted)
    expect(access.inputs('GetQueueUrl')).toEqual([{ QueueName: 'orders' }])
  })

  it('that deny the URL are not worked round: theirs cannot be known', async () => {
    const access = scriptedAccess(() => refusal('AccessDenied'))
    expect((await open(access).read(readRequest(), neverAborted)).kind).toBe('denied')
    expect(access.inputs('ReceiveMessage')).toEqual([])
  })
})

describe('the depth of a queue', () => {
  const depth = (attributes: Readonly<Record<string, unknown>>) =>
    open(scriptedAccess(withUrl(() => ok({ Attributes: attributes })))).depth(neverAborted)

  it('is read from the texts of its attributes, with the redrive policy', async () => {
    const deadLetterArn = `${arn}-dead`
    const counts = await depth({
      ApproximateNumberOfMessages: '3',
      ApproximateNumberOfMessagesNotVisible: '2',
      ApproximateNumberOfMessagesDelayed: '1',
      VisibilityTimeout: '45',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetterArn, maxReceiveCount: '5' }),
    })
    expect(counts).toEqual({
      ...{ kind: 'queue', visible: 3, inFlight: 2, delayed: 1, visibilityMs: 45_000 },
      redrive: { deadLetterArn, receivesMax: 5 },
    })
  })

  it.each([['not JSON'], ['[]'], ['{"maxReceiveCount":3}'], [7]])(
    'has no redrive policy in %j',
    async (RedrivePolicy) => {
      expect(await depth({ RedrivePolicy })).toEqual({
        ...{ kind: 'queue', visible: 0, inFlight: 0, delayed: 0, visibilityMs: null },
        redrive: null,
      })
    },
  )

  it('is told as missing with its queue', async () => {
    const access = scriptedAccess(withUrl(() => refusal('QueueDoesNotExist')))
    expect(await open(access).depth(neverAborted)).toMatchObject({ kind: 'missing' })
  })
})

describe('a receive', () => {
  it('asks in whole seconds within the limits of SQS, and for every attribute', async () => {
    const access = scriptedAccess(withUrl(() => ok({})))
    const source = open(access)
    await source.read(readRequest({ recordsMax: 5_000, waitMs: 60_000, visibilityMs: 90_500 }), neverAborted)
    await source.read(readRequest({ recordsMax: 3, waitMs: 1 }), neverAborted)
    expect(access.inputs('ReceiveMessage')).toEqual([
      {
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
        VisibilityTimeout: 91,
        MessageSystemAttributeNames: ['All'],
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      },
      {
        QueueUrl: url,
        MaxNumberOfMessages: 3,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['All'],
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      },
    ])
    expect(access.calls.find(({ operation }) => operation === 'ReceiveMessage')?.pool).toBe('receive')
  })

  // proves: fifo.attempt-id
  it('of a FIFO queue names its attempt, so that a repeat finds the messages of a lost reply', async () => {
    const access = scriptedAccess(
      withUrl(() => ok({})),
      true,
    )
    await open(access, `${arn}.fifo`).read(readRequest({ attemptId: 'one' }), neverAborted)
    expect(access.inputs('ReceiveMessage')[0]).toMatchObject({ ReceiveRequestAttemptId: 'one' })
    expect(access.inputs('ReceiveMessage')[0]).not.toHaveProperty('AttributeNames')
  })

  it.each([
    [refusal('AWS.SimpleQueueService.NonExistentQueue'), 'missing'],
    [refusal('AccessDeniedException'), 'denied'],
    [refusal('CredentialsUnavailable', 'expired', 0), 'denied'],
    [refusal('Whatever', 'x', 403), 'denied'],
    [refusal('OverLimit'), 'throttled'],
    [refusal('Whatever', 'x', 429), 'throttled'],
    [refusal('InternalError', 'x', 500), 'failed'],
    [{ kind: 'unreachable', sent: true, message: 'ECONNRESET' } as const, 'failed'],
  ])('answered with %o is %s (sls#226)', async (answer, kind) => {
    const source = open(scriptedAccess(withUrl(() => answer)))
    expect((await source.read(readRequest(), neverAborted)).kind).toBe(kind)
  })

  it('hands on how long the service wants to be left alone', async () => {
    const throttle = {
      kind: 'error',
      status: 400,
      code: 'RequestThrottled',
      message: 'slow',
      retryAfterMs: 700,
    } as const
    const result = await open(scriptedAccess(withUrl(() => throttle))).read(readRequest(), neverAborted)
    expect(result).toEqual({ kind: 'throttled', message: 'RequestThrottled: slow', retryAfterMs: 700 })
  })
})

describe('deletes', () => {
  const sizes = (access: ScriptedAccess): readonly number[] =>
    access.inputs('DeleteMessageBatch').map(({ Entries }) => (Array.isArray(Entries) ? Entries.length : 0))

  it('go in tens, and name entries by index, not by message id (sls#253)', async () => {
    const access = scriptedAccess(withUrl(() => ok({ Failed: [] })))
    expect(await open(access).settle(records(23), neverAborted)).toEqual({ failed: [] })
    expect(sizes(access)).toEqual([10, 10, 3])
    expect(access.inputs('DeleteMessageBatch')[2]?.['Entries']).toEqual([
      { Id: '0', ReceiptHandle: 'r20' },
      { Id: '1', ReceiptHandle: 'r21' },
      { Id: '2', ReceiptHandle: 'r22' },
    ])
  })

  it('of single messages go at once while few are out, and then share calls', async () => {
    const held: (() => void)[] = []
    const access = scriptedAccess(
      withUrl(
        () =>
          new Promise((resolve) => {
            held.push(() => resolve(ok({})))
          }),
      ),
    )
    const source = open(access)
    const settles: Promise<unknown>[] = []
    for (let nth = 0; nth < 20; nth += 1) {
      settles.push(source.settle([recordOf(`r${nth}`)], neverAborted))
      await new Promise((resolve) => setImmediate(resolve))
    }
    // Four alone; ten made a full call meanwhile; six wait for a call to come back.
    expect(sizes(access)).toEqual([1, 1, 1, 1, 10])
    held.shift()?.()
    while (held.length > 0) {
      held.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(settles)
    expect(sizes(access)).toEqual([1, 1, 1, 1, 10, 6])
  })

  // proves: sqs.delete-per-entry
  it('make one try, and go by themselves when they are made again apart', async () => {
    const entry = { Id: '1', Code: 'InternalError', Message: 'x', SenderFault: false }
    const access = scriptedAccess(
      withUrl(({ operation }) => ok(operation === 'DeleteMessage' ? {} : { Failed: [entry] })),
    )
    const source = open(access)
    expect(await source.settle(records(3), neverAborted)).toEqual({
      failed: [{ index: 1, message: 'InternalError: x', final: false }],
    })
    expect(access.inputs('DeleteMessage')).toEqual([])
    expect(await source.settle(records(2), neverAborted, true)).toEqual({ failed: [] })
    expect(sizes(access)).toEqual([3])
    expect(access.inputs('DeleteMessage')).toEqual([
      { QueueUrl: url, ReceiptHandle: 'r0' },
      { QueueUrl: url, ReceiptHandle: 'r1' },
    ])
  })

  it('that are throttled may be tried again, although AWS calls that the fault of the sender', async () => {
    const throttles = [
      ['RequestThrottled', 'slow'],
      ['ExpiredToken', 'The security token included in the request is expired'],
    ].map(([Code, Message], index) => ({ Id: String(index), Code, Message, SenderFault: true }))
    const source = open(scriptedAccess(withUrl(() => ok({ Failed: throttles }))))
    const { failed } = await source.settle(records(2), neverAborted)
    expect(failed.map(({ final }) => final)).toEqual([false, false])
  })

  // proves: target.believed@SQS
  it.each(['ok', [], null])('are not read out of %j: whoever answers so is no queue', async (output) => {
    const source = open(scriptedAccess(withUrl(() => ok(output))))
    expect(await source.read(readRequest(), neverAborted)).toMatchObject({ kind: 'failed' })
    expect(await source.describe(neverAborted)).toMatchObject({ kind: 'failed' })
  })

  // proves: target.believed@SQS
  it('that a batch’s answer does not name are tried again, apart: a 200 alone deletes nothing', async () => {
    const silent = scriptedAccess(withUrl(() => ok({ Successful: [{ Id: '1' }] })))
    const source = open(silent)
    const { failed } = await source.settle(records(3), neverAborted)
    expect(failed.map(({ index, final }) => [index, final])).toEqual([
      [0, false],
      [2, false],
    ])
    expect(await source.settle(records(1), neverAborted, true)).toEqual({ failed: [] })
  })

  it('of a whole call that is refused for one bad receipt say nothing of the others', async () => {
    const invalid = refusal('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', 400)
    const access = scriptedAccess(
      withUrl(({ operation, input }) =>
        operation === 'DeleteMessageBatch' || input['ReceiptHandle'] === 'r0' ? invalid : ok({}),
      ),
    )
    const source = open(access)
    const { failed } = await source.settle(records(2), neverAborted)
    expect(failed.map(({ index, final }) => [index, final])).toEqual([
      [0, false],
      [1, false],
    ])
    // Apart, the one is gone already, and the other goes.
    expect(await source.settle(records(2), neverAborted, true)).toEqual({ failed: [] })
  })

  it('of a large batch keep to 32 calls at once', async () => {
    let out = 0
    let most = 0
    const access = scriptedAccess(
      withUrl(async () => {
        out += 1
        most = Math.max(most, out)
        await new Promise((resolve) => setImmediate(resolve))
        out -= 1
        return ok({})
      }),
    )
    await open(access).settle(records(1_000), neverAborted)
    expect(sizes(access)).toHaveLength(100)
    expect(most).toBe(32)
    most = 0
    await open(access).release(records(1_000), neverAborted)
    expect(access.inputs('ChangeMessageVisibilityBatch')).toHaveLength(100)
    expect(most).toBe(32)
  })

  it('leave nothing behind at the signal of the one who waits', async () => {
    const { signal } = new AbortController()
    await open(scriptedAccess(withUrl(() => ok({})))).settle(records(3), signal)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('that stay refused are told by index, with the reason', async () => {
    const access = scriptedAccess(
      withUrl(() => ok({ Failed: [{ Id: '2', Code: 'InvalidParameterValue', Message: 'bad', SenderFault: true }] })),
    )
    expect(await open(access).settle(records(3), neverAborted)).toEqual({
      failed: [{ index: 2, message: 'InvalidParameterValue: bad', final: true }],
    })
  })

  it('of a whole call that was lost may be tried again, since deleting twice does no harm', async () => {
    const access = scriptedAccess(withUrl(() => ({ kind: 'unreachable', sent: true, message: 'ECONNRESET' })))
    const { failed } = await open(access).settle(records(2), neverAborted)
    expect(failed.map(({ final }) => final)).toEqual([false, false])
  })

  it('of a message that the handler deleted itself have succeeded; of an expired FIFO receipt they have not', async () => {
    const answer = (Code: string, Message: string) =>
      open(
        scriptedAccess(withUrl(() => ok({ Failed: [{ Id: '0', Code, Message, SenderFault: true }] }))),
        `${arn}.fifo`,
      )
    const gone = answer('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.')
    const expired = answer('InvalidParameterValue', 'Reason: The receipt handle has expired.')
    const expiredToo = answer('ReceiptHandleIsInvalid', 'The receipt handle has expired')
    expect(await gone.settle(records(1), neverAborted)).toEqual({ failed: [] })
    expect((await expired.settle(records(1), neverAborted)).failed).toHaveLength(1)
    expect((await expiredToo.settle(records(1), neverAborted)).failed).toHaveLength(1)
  })

  it('that are denied say so, and that it is final', async () => {
    const access = scriptedAccess(withUrl(() => refusal('AccessDenied', 'not allowed', 403)))
    expect(await open(access).settle(records(1), neverAborted)).toEqual({
      failed: [{ index: 0, message: 'AccessDenied: not allowed', final: true }],
    })
  })

  it('end with the source', async () => {
    const access = scriptedAccess(withUrl(() => refusal('InternalError', 'x', 500)))
    const source = open(access)
    const settled = source.settle(records(1), neverAborted)
    await source.close()
    expect((await settled).failed).toHaveLength(1)
  })
})

describe('a release', () => {
  it('makes messages visible at once, in tens', async () => {
    const access = scriptedAccess(withUrl(() => ok({})))
    await open(access).release(records(12), neverAborted)
    const [first, second] = access.inputs('ChangeMessageVisibilityBatch')
    expect(first?.['Entries']).toHaveLength(10)
    expect(second?.['Entries']).toEqual([
      { Id: '0', ReceiptHandle: 'r10', VisibilityTimeout: 0 },
      { Id: '1', ReceiptHandle: 'r11', VisibilityTimeout: 0 },
    ])
  })

  it('that fails is no more than that: visibility ends by itself', async () => {
    const access = scriptedAccess(withUrl(() => refusal('InternalError', 'x', 500)))
    await expect(open(access).release(records(1), neverAborted)).resolves.toBeUndefined()
  })
})

describe('an extension', () => {
  it('asks for whole seconds from now on, in tens', async () => {
    const access = scriptedAccess(withUrl(({ input }) => ok({ Successful: input['Entries'] })))
    expect(await open(access).extend(records(12), 30_999, neverAborted)).toEqual({ failed: [] })
    const [first, second] = access.inputs('ChangeMessageVisibilityBatch')
    expect(first?.['Entries']).toHaveLength(10)
    expect(second?.['Entries']).toEqual([
      { Id: '0', ReceiptHandle: 'r10', VisibilityTimeout: 30 },
      { Id: '1', ReceiptHandle: 'r11', VisibilityTimeout: 30 },
    ])
  })

  it('that is refused for some is told by index, and whether asking again would help', async () => {
    const limit = 'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].'
    const access = scriptedAccess(
      withUrl(({ input }) => {
        const entries = input['Entries'] as readonly { Id: string; ReceiptHandle: string }[]
        const of = (receipt: string): string => entries.find((entry) => entry.ReceiptHandle === receipt)?.Id ?? ''
        return ok({
          Successful: entries.filter(({ ReceiptHandle }) => !['r10', 'r11'].includes(ReceiptHandle)),
          Failed:
            entries.length > 3
              ? []
              : [
                  { Id: of('r10'), Code: 'InvalidParameterValue', Message: limit, SenderFault: true },
                  { Id: of('r11'), Code: 'RequestThrottled', Message: 'slow down', SenderFault: true },
                ],
        })
      }),
    )
    expect(await open(access).extend(records(13), 30_000, neverAborted)).toEqual({
      failed: [
        { index: 10, message: `InvalidParameterValue: ${limit}`, final: true },
        { index: 11, message: 'RequestThrottled: slow down', final: false },
      ],
    })
  })

  it.each([
    ['was lost', { kind: 'unreachable', sent: true, message: 'ECONNRESET' } as const, false],
    ['failed at the service', refusal('InternalError', 'x', 500), false],
    ['was throttled', refusal('RequestThrottled', 'x', 400), false],
    ['is denied', refusal('AccessDenied', 'x', 403), true],
    ['the endpoint does not know', refusal('UnknownOperationException', 'x', 400), true],
    ['the endpoint has not made yet', refusal('NotImplemented', 'x', 501), true],
    ['one bad entry spoiled for all', refusal('InvalidParameterValue', 'x', 400), false],
  ])('of a call that %s is refused for all of its entries', async (_what, answer, final) => {
    const { failed } = await open(scriptedAccess(withUrl(() => answer))).extend(records(2), 30_000, neverAborted)
    expect(failed.map((one) => [one.index, one.final])).toEqual([
      [0, final],
      [1, final],
    ])
  })

  it('of which the answer says nothing is tried again', async () => {
    const { failed } = await open(scriptedAccess(withUrl(() => ok({})))).extend(records(1), 30_000, neverAborted)
    expect(failed).toEqual([{ index: 0, message: expect.stringContaining('without a word') }])
  })
})

describe('a look at the queue', () => {
  // proves: error.source-denied
  it('says which right is missing', async () => {
    const source = open(scriptedAccess(withUrl(() => refusal('AccessDenied', 'not allowed', 403))))
    expect(await source.describe(neverAborted)).toEqual({
      kind: 'denied',
      message: 'AccessDenied: not allowed',
      action: 'GetQueueAttributes',
    })
  })
})
