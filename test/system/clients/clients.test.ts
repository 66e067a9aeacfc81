import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMillrace } from '../../../src/service.ts'
import { startClientStack, type ClientStack } from './client-stack.ts'
import { javaScriptSdk } from './javascript-sdk.ts'
import { lifeSteps, mappingLife } from './mapping-life.ts'
import { terraformRun, terraformSteps } from './terraform.ts'
import type { Tool } from './tool.ts'

let stack: ClientStack
let tool: Tool

beforeAll(async () => {
  stack = await startClientStack((config) => startMillrace({ logLevel: 'silent', ...config }))
  tool = javaScriptSdk(stack.endpoint)
})

afterAll(async () => {
  await tool.close()
  await stack.stop()
})

describe('a mapping in the hands of', () => {
  it('the AWS SDK goes through its whole life and carries records in all of it', async () => {
    for (const plan of await stack.lives('javascript')) {
      const steps: string[] = []
      await mappingLife(tool.call, plan, (step) => steps.push(step))
      expect(steps).toEqual(lifeSteps)
    }
  })

  it('Terraform is created, planned empty, changed, and destroyed', async () => {
    const steps: string[] = []
    await terraformRun(tool.call, await stack.terraform(), (step) => steps.push(step))
    expect(steps).toEqual(terraformSteps)
  })
})
