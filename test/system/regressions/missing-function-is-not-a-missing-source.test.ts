import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSettings } from '../../../src/config/settings-reader.ts'
import { functionFailures } from '../../../src/model/failure.ts'
import { startMillrace } from '../../../src/service.ts'
import { queueArn } from '../integration/queue-stack.ts'
import { until } from '../../support/until.ts'
import { ofTable, startRig, type Rig } from './rig.ts'

interface Report {
  readonly pauseReasons: readonly string[]
  readonly lastProcessingResult: string | null
  readonly sourceTrouble: { readonly kind: string } | null
  readonly functionTrouble: { readonly kind: string; readonly message: string } | null
}

let rig: Rig

beforeEach(async () => {
  rig = await startRig()
})

afterEach(async () => {
  await rig.stop()
})

async function troubled(endpoint: string, kind: (report: Report) => unknown): Promise<Report> {
  let found: Report | undefined
  await until(async () => {
    const answer = await fetch(`${endpoint}/_millrace/mappings`)
    found = ((await answer.json()) as { readonly mappings: readonly Report[] }).mappings[0]
    return found !== undefined && Boolean(kind(found))
  }, 'the trouble is shown')
  if (found === undefined) throw new Error('there is no mapping')
  return found
}

async function said(endpoint: string): Promise<readonly string[]> {
  const answer = await fetch(`${endpoint}/_millrace/why`)
  const { explanations } = (await answer.json()) as {
    readonly explanations: readonly { readonly sentences: readonly string[] }[]
  }
  return explanations.flatMap(({ sentences }) => sentences)
}

describe('a mapping whose function does not exist', () => {
  it('says so of the function, and nothing of its stream', async () => {
    const { endpoint } = await rig.run(ofTable(rig.tables.createTable('items'), { FunctionName: 'ordres' }))
    const report = await troubled(endpoint, ({ functionTrouble }) => functionTrouble)
    expect(report).toMatchObject({
      pauseReasons: ['function missing'],
      lastProcessingResult: 'PROBLEM: Function call failed',
      sourceTrouble: null,
      functionTrouble: { kind: 'missing' },
    })
    expect(report.functionTrouble?.message).toContain('ordres')
    const sentences = await said(endpoint)
    expect(sentences[0]).toContain('The function ordres does not exist')
    expect(sentences.join(' ')).not.toMatch(/EventSourceArn|stream of table items does not/)
  })

  it('is told so in the log', async () => {
    const lines: { readonly msg: string; readonly functionTrouble?: string; readonly trouble?: string }[] = []
    rig.queue('q')
    const config = JSON.stringify({
      aws: { region: 'us-east-1', endpoints: rig.endpoints },
      mappings: [{ EventSourceArn: queueArn('q'), FunctionName: 'ordres' }],
    })
    const env = { MILLRACE_CONFIG: config }
    const settings = readSettings({ argv: ['--store', 'memory:', '--port', '0'], env, cwd: process.cwd() })
    const logTo = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) }
    const millrace = await startMillrace({ settings, logTo })
    try {
      await until(() => lines.some(({ functionTrouble }) => functionTrouble === 'missing'), 'the log tells of it')
    } finally {
      await millrace.stop()
    }
    const told = lines.filter(({ functionTrouble, trouble }) => functionTrouble ?? trouble)
    expect(told).toMatchObject([{ functionTrouble: 'missing', msg: functionFailures.missing.advice }])
  })

  it('says both when the stream is missing as well', async () => {
    const gone = rig.tables.createTable('items')
    rig.tables.deleteTable('items')
    const { endpoint } = await rig.run(ofTable(gone, { FunctionName: 'ordres' }))
    const report = await troubled(endpoint, ({ functionTrouble, sourceTrouble }) => functionTrouble && sourceTrouble)
    expect(report.pauseReasons).toEqual(['source missing', 'function missing'])
  })
})
