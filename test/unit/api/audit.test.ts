import { describe, expect, it } from 'vitest'
import { createPassPolicy } from '../../../src/api/pass-policy.ts'
import { start } from '../../support/api-over-http.ts'
import { queueMapping } from './gate/queue-mapping.ts'
import { recordingUpstream } from './gate/recording-upstream.ts'

const token = 'a-token-of-the-test'
const headers = { authorization: `Bearer ${token}`, 'user-agent': 'audit/1.0' }
const mappings = '/2015-03-31/event-source-mappings'

async function auditedWorld() {
  const { endpoint, world } = await start({
    upstream: recordingUpstream(),
    deps: {
      server: { host: '127.0.0.1', port: 0, allowedHosts: [], auth: { kind: 'token', token } },
      passPolicy: createPassPolicy({ policy: 'all', isAws: false, isAuthenticated: true }),
    },
  })
  const send = (method: string, path: string, body?: object) =>
    fetch(endpoint + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
  const audited = () => world.lines.filter(({ message }) => message === 'Changed by a request of the API.')
  return { world, send, audited }
}

const caller = { address: '127.0.0.1', userAgent: 'audit/1.0', key: 'token' }

describe('the log tells of every change who made it, and what it was', () => {
  it('of a mapping and its tags', async () => {
    const { audited, send } = await auditedWorld()
    const created = (await (await send('POST', mappings, { ...queueMapping, BatchSize: 5 })).json()) as {
      UUID: string
      EventSourceMappingArn: string
    }
    const { UUID: uuid, EventSourceMappingArn: arn } = created
    await send('PUT', `${mappings}/${uuid}`, { BatchSize: 7, Enabled: false })
    await send('POST', `/2017-03-31/tags/${encodeURIComponent(arn)}`, { Tags: { team: 'a' } })
    await send('DELETE', `/2017-03-31/tags/${encodeURIComponent(arn)}?tagKeys=team`)
    await send('DELETE', `${mappings}/${uuid}`)
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:orders'
    expect(audited().map(({ fields, level }) => [level, fields])).toMatchObject([
      [
        'info',
        {
          operation: 'CreateEventSourceMapping',
          uuid,
          caller,
          changed: { source: queueMapping.EventSourceArn, functionArn, BatchSize: 5 },
        },
      ],
      ['info', { operation: 'UpdateEventSourceMapping', uuid, caller, changed: { BatchSize: 7, Enabled: false } }],
      ['info', { operation: 'TagResource', uuid, caller, changed: { team: 'a' } }],
      ['info', { operation: 'UntagResource', uuid, caller, changed: { tagKeys: ['team'] } }],
      [
        'info',
        {
          operation: 'DeleteEventSourceMapping',
          uuid,
          caller,
          changed: { source: queueMapping.EventSourceArn, functionArn },
        },
      ],
    ])
    expect(audited()[1]?.fields['changed']).toEqual({ BatchSize: 7, Enabled: false })
  })

  it('of what is passed on, but for invocations', async () => {
    const { audited, send } = await auditedWorld()
    await send('PUT', '/2015-03-31/functions/theirs/code', { ZipFile: 'secret' })
    await send('POST', '/2015-03-31/functions/theirs/invocations', {})
    await send('GET', '/2015-03-31/functions/theirs')
    expect(audited().map(({ fields }) => fields)).toEqual([
      { operation: 'PUT /2015-03-31/functions/theirs/code', status: 200, caller },
    ])
  })

  it('and nothing of what was refused', async () => {
    const { audited, send } = await auditedWorld()
    await send('POST', mappings, { ...queueMapping, BatchSize: 0 })
    await send('DELETE', `${mappings}/00000000-0000-0000-0000-000000000000`)
    expect(audited()).toEqual([])
  })
})
