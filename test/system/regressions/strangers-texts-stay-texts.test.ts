import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'

const sentence = 'The function failed: a\nforged line\u001b[2J\u009b31m\u202e'
const explanation = { uuid: 'u', source: 's', functionArn: 'f', state: 'Enabled', sentences: [sentence] }

async function said(status: number, answer: object, command: readonly string[] = ['why']): Promise<readonly string[]> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const lines: string[] = []
  try {
    await runProgram({
      argv: [...command, '--endpoint', `http://127.0.0.1:${(server.address() as AddressInfo).port}`],
      env: {},
      cwd: import.meta.dirname,
      terminal: { out: (line) => lines.push(line), err: (line) => lines.push(line) },
      onSignal: () => {},
    })
  } finally {
    server.close()
    server.closeAllConnections()
  }
  return lines
}

it('what a function said of its failure cannot move the cursor of whoever asks why', async () => {
  expect(await said(200, { explanations: [explanation] })).toEqual([
    String.raw`The function failed: a\nforged line\u001b[2J\u009b31m\u202e`,
  ])
})

it('nor can what an answer says of an error', async () => {
  const [line] = await said(400, { Type: 'User', message: 'no \u001b[2J\u009b31m' })
  expect(line).toContain(String.raw`no \u001b[2J\u009b31m`)
})

it.each([[['why']], [['status']], [['mappings', 'list']]])(
  'what answers and is no Millrace is named: %j',
  async (command) => {
    for (const answer of [{}, { explanations: 'none' }])
      expect(await said(200, answer, command)).toEqual([
        expect.stringMatching(
          /^millrace: What answers at http:\S+ is no Millrace\. Say where it is with --endpoint URL\.$/,
        ),
      ])
  },
)
