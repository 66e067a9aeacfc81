import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startFauxqs } from 'fauxqs'
import { startScriptedFunctions } from '../backends/functions/scripted-functions.ts'
import { startMillrace } from '../backends/millrace-process.ts'
import { until } from '../../support/until.ts'
import { openLambda, recordingServer, secret, strangerSite } from './recording-server.ts'

const mappingsPath = '/2015-03-31/event-source-mappings'
export const token = 'a-token-of-the-operator'

export interface WorldOptions {
  readonly auth: 'none' | 'token'
  /** The Lambda endpoint behind: AWS itself, reached through a proxy that plays its part, or an emulator. */
  readonly upstream: 'emulator' | 'AWS'
}

/** The built file with a queue, a function and a mapping, a Lambda endpoint behind it, and a stranger's site on another port. */
export type BrowserWorld = Awaited<ReturnType<typeof startBrowserWorld>>

export async function startBrowserWorld({ auth, upstream }: WorldOptions) {
  const queues = await startFauxqs({ host: '127.0.0.1', port: 0, logger: false })
  const functions = await startScriptedFunctions()
  const lambda = await recordingServer(openLambda)
  const script = await readFile(join(import.meta.dirname, 'page/attempts.mjs'), 'utf8')
  const html = `<!doctype html><meta charset="utf-8"><title>stranger</title><body><script>{${script}}</script>`
  const stranger = await recordingServer(strangerSite(html))
  const lambdaUrl = upstream === 'AWS' ? 'http://lambda.us-east-1.amazonaws.com' : `http://127.0.0.1:${lambda.port}`
  const millrace = await startMillrace(
    {
      aws: {
        region: 'us-east-1',
        account: '000000000000',
        endpoints: { sqs: `http://127.0.0.1:${queues.port}`, lambda: lambdaUrl },
      },
      functions: { audit: { url: functions.invokeUrl('audit') } },
      passThrough: 'all',
    },
    {
      env: {
        ...(upstream === 'AWS' && { HTTP_PROXY: `http://127.0.0.1:${lambda.port}` }),
        ...(auth === 'token' && { MILLRACE_TOKEN: token }),
      },
    },
  )
  const mapped = queues.createQueue('mapped').queueArn
  const wanted = queues.createQueue('wanted').queueArn
  const proof: Record<string, string> = auth === 'token' ? { authorization: `Bearer ${token}` } : {}
  const ask = async (path: string, init: { readonly method?: string; readonly body?: string } = {}) => {
    const answer = await fetch(millrace.endpoint + path, { ...init, headers: proof })
    return { status: answer.status, text: await answer.text() }
  }
  const mapping = JSON.stringify({ EventSourceArn: mapped, FunctionName: 'audit' })
  const created = await ask(mappingsPath, { method: 'POST', body: mapping })
  const { UUID: uuid } = JSON.parse(created.text) as { UUID: string }
  const enabled = async () => (await ask(`${mappingsPath}/${uuid}`)).text.includes('"Enabled"')
  await until(enabled, 'the mapping is Enabled')
  return {
    endpoint: millrace.endpoint,
    port: Number(new URL(millrace.endpoint).port),
    strangerPort: stranger.port,
    html,
    lambda,
    proof,
    uuid,
    ask,
    /** What would tell the page something, were it in what the page has seen. */
    secrets: [secret, uuid, mapped, 'millrace_', 'EventSourceMappings', 'amazonaws.com'],
    /** All that may change. */
    async state() {
      const { text } = await ask(mappingsPath)
      return { mappings: text, invoked: functions.of('audit').invocations.length }
    },
    planFor: (base: string) => ({
      reads: [
        '/_millrace/health',
        '/metrics',
        `/_millrace/why/${uuid}`,
        mappingsPath,
        `${mappingsPath}/${uuid}`,
        '/2015-03-31/functions/theirs',
      ].map((path) => base + path),
      writes: [
        { url: base + mappingsPath, body: JSON.stringify({ EventSourceArn: wanted, FunctionName: 'audit' }) },
        { url: `${base}/2015-03-31/functions/audit/invocations`, body: '{"Records":[]}' },
        { url: `${base}/2015-03-31/functions/theirs/invocations`, body: '{"a":1}' },
        { url: `${base}/2015-03-31/functions`, body: '{"FunctionName":"theirs"}' },
      ],
      changes: [{ url: `${base}${mappingsPath}/${uuid}`, body: '{"BatchSize":1}' }],
    }),
    async stop(): Promise<void> {
      await millrace.stop()
      await stranger.close()
      await lambda.close()
      await functions.close()
      await queues.stop()
    },
  }
}
