import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { run, type CommandResult } from './command.ts'
import { eventually } from './docker.ts'
import { report } from './report.ts'
import { imageTag } from './tags.ts'

const missing = inject('dockerMissing')
const imagesMissing = inject('imagesMissing')
const repository = join(import.meta.dirname, '../..')
const folder = 'deploy/compose'
const files = readdirSync(join(repository, folder)).filter((name) => name.endsWith('.yaml'))

/** The plugin where there is one, else the program of its own that came before it. */
const plugin = missing === '' && (await run('docker', ['compose', 'version'])).code === 0
const composeMissing = missing || (plugin || (await hasProgram()) ? '' : 'neither docker compose nor docker-compose')

if (composeMissing !== '') report('compose files', `skipped: ${composeMissing}`)

async function hasProgram(): Promise<boolean> {
  return (await run('docker-compose', ['version']).catch(() => ({ code: 1 }))).code === 0
}

/** Ports of the machine are left to chance, so that nothing else is in the way. */
const environment = {
  ...{ MILLRACE_IMAGE: imageTag, BACKEND_PORT: '0', MILLRACE_PORT: '0', KINESIS_PORT: '0', DYNAMODB_PORT: '0' },
  QUEUE_ARN: 'arn:aws:sqs:eu-west-1:123456789012:orders',
}

/** A command as a comment shows it. */
function shown(line: string, project: string): Promise<CommandResult> {
  const [, ...words] = line.replace('docker compose', 'docker-compose').split(' ')
  const args = words.filter((word) => word !== '--build').flatMap((word) => (word === 'run' ? ['run', '-T'] : [word]))
  const options = { cwd: repository, env: { ...environment, COMPOSE_PROJECT_NAME: project }, secondsMax: 240 }
  return plugin ? run('docker', ['compose', ...args], options) : run('docker-compose', args, options)
}

function commandsOf(file: string): readonly string[] {
  const lines = readFileSync(join(repository, folder, file), 'utf8').split('\n')
  return lines.filter((line) => line.startsWith('#     docker compose')).map((line) => line.slice(1).trim())
}

describe.skipIf(composeMissing !== '')('the compose files', () => {
  test.each(files)('%s is read', async (file) => {
    const { code, out, err } = await shown(`docker compose -f ${folder}/${file} config`, 'millrace-read')
    expect(err).not.toMatch(/error|invalid/i)
    expect(code).toBe(0)
    expect(out).toContain('service_healthy')
    expect(out).toContain('host.docker.internal')
  })

  for (const file of ['localstack.yaml', 'ministack.yaml']) {
    const absent = imagesMissing.filter((line) =>
      line.startsWith(file === 'localstack.yaml' ? 'localstack' : 'ministack'),
    )
    if (absent.length > 0) report(file, `skipped: ${absent.join('; ')}`)
    test.skipIf(absent.length > 0)(
      `the three commands in ${file} show a message that reached the function`,
      async () => {
        const project = `millrace${process.pid}`
        const [up = '', send = '', logs = '', ...more] = commandsOf(file)
        expect(more).toEqual([])
        const began = performance.now()
        try {
          succeed(await shown(up, project))
          const upSeconds = (performance.now() - began) / 1_000
          succeed(await shown(send, project))
          await eventually('the function says hello', async () => {
            return (await shown(logs, project)).out.includes('received aws:sqs hello')
          })
          report(file, `message seen by the function; up after ${upSeconds.toFixed(0)} s`)
        } catch (error) {
          const { out } = await shown(`docker compose -f ${folder}/${file} logs --tail 40`, project)
          throw new Error(`${String(error)}\n${out}`, { cause: error })
        } finally {
          await shown(`docker compose -f ${folder}/${file} down --volumes`, project)
        }
      },
    )
  }
})

function succeed({ code, out, err }: CommandResult): void {
  if (code !== 0) throw new Error(`exit code ${code}\n${out}\n${err}`)
}
