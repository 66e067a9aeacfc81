import { startMillrace } from '../backends/millrace-process.ts'
import { startClientStack, type ClientStack } from './client-stack.ts'
import { javaScriptSdk } from './javascript-sdk.ts'
import { mappingLife } from './mapping-life.ts'
import { awsCli, boto3, installPythonClients } from './python-tools.ts'
import { terraformRun } from './terraform.ts'
import type { Tool } from './tool.ts'

/** Runs the real clients against the built file, prints what became of each, and ends with 1 where one failed. */

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const counts = { passed: 0, failed: 0, skipped: 0 }

async function check(title: string, run: (began: (step: string) => void) => Promise<void>): Promise<void> {
  const startedMs = performance.now()
  const steps: string[] = []
  try {
    await run((step) => steps.push(step))
    counts.passed += 1
    print(`${title}: ok: ${steps.join(', ')} (${((performance.now() - startedMs) / 1_000).toFixed(1)} s)`)
  } catch (error) {
    counts.failed += 1
    print(`${title}: failed at ${steps.at(-1)}: ${error instanceof Error ? error.stack : String(error)}`)
  }
}

async function lives(stack: ClientStack, client: string, tool: Tool): Promise<void> {
  const [queue, stream] = await stack.lives(client)
  if (queue === undefined || stream === undefined) throw new Error('a queue and a stream are expected')
  await check(`${client}, a queue's mapping`, (began) => mappingLife(tool.call, queue, began))
  await check(`${client}, a stream's mapping`, (began) => mappingLife(tool.call, stream, began))
  await tool.close()
}

const installation = await installPythonClients()
const stack = await startClientStack(startMillrace)
try {
  await lives(stack, 'javascript', javaScriptSdk(stack.endpoint))
  const terraform = javaScriptSdk(stack.endpoint)
  await check('terraform', async (began) => terraformRun(terraform.call, await stack.terraform(), began))
  await terraform.close()
  if (installation.kind === 'absent') {
    counts.skipped += 4
    print(`aws-cli and boto3: skipped: ${installation.reason}`)
  } else {
    await lives(stack, 'boto3', boto3(installation.folder, stack.endpoint))
    await lives(stack, 'aws-cli', awsCli(installation.folder, stack.endpoint))
  }
} finally {
  await stack.stop()
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
print(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
process.exitCode = counts.failed === 0 ? 0 : 1
