import { startFauxqs } from 'fauxqs'
import { afterEach, describe, expect, it } from 'vitest'
import { readSettings } from '../../../src/config/settings-reader.ts'
import { startMillrace, type MillraceHandle } from '../../../src/service.ts'
import { until } from '../../support/until.ts'

let millrace: MillraceHandle | undefined
afterEach(async () => {
  await millrace?.stop()
  millrace = undefined
})

async function started(endpoint: string) {
  const messages: { readonly msg: string; readonly upstream?: unknown; readonly trouble?: string }[] = []
  const config = JSON.stringify({
    aws: { region: 'us-east-1', endpoint },
    mappings: [{ EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:late', FunctionName: 'f' }],
    functions: { f: { url: 'http://127.0.0.1:9/2015-03-31/functions/function/invocations' } },
  })
  const settings = readSettings({
    argv: ['--store', 'memory:', '--port', '0'],
    env: { MILLRACE_CONFIG: config },
    cwd: process.cwd(),
  })
  const logTo = { write: (line: string) => void messages.push(JSON.parse(line) as (typeof messages)[number]) }
  millrace = await startMillrace({ settings, logTo })
  const texts = () => messages.map(({ msg }) => msg)
  return { messages, texts }
}

describe('the log of a start', () => {
  it('names the endpoint that functions are looked for at', async () => {
    const { messages } = await started('http://127.0.0.1:9')
    expect(messages.find(({ msg }) => msg === 'Millrace is ready.')?.upstream).toBe('http://127.0.0.1:9')
  })

  it('calls a mapping Enabled once its source is there, not beside the words that it is missing', async () => {
    const queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
    try {
      const { messages, texts } = await started(`http://127.0.0.1:${queues.port}`)
      await until(() => messages.some(({ trouble }) => trouble === 'missing'), 'the queue is told to be missing')
      expect(texts()).not.toContain('The mapping is Enabled.')
      queues.createQueue('late')
      await until(() => texts().includes('The mapping is Enabled.'), 'the mapping is Enabled')
      expect(texts().indexOf('The mapping is Enabled.')).toBe(texts().indexOf('The source is there.') + 1)
    } finally {
      await millrace?.stop()
      await queues.stop()
    }
  })
})
