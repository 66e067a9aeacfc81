import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { readmeCode, substituted } from '../readme/code-blocks.ts'
import { freshCopy, repository } from '../readme/fresh-copy.ts'
import { startLocalStack, type LocalStack } from '../readme/local-stack.ts'
import { typed, type Shell } from '../readme/shell.ts'
import { output } from './command.ts'
import { commandsOf, composeMissing, inProject, startsAndShows } from './compose.ts'
import { docker, tryDocker } from './docker.ts'
import { until } from '../../support/until.ts'
import { report, skipped } from './report.ts'
import { imageTag } from './tags.ts'

// What README.md shows and needs Docker, taken from there. Ports are free ones of this machine, and packages are not
// fetched again; nothing else differs from what a reader types.

const missing = inject('dockerMissing')
if (missing !== '') skipped('docker run', missing)

function absent(...tags: readonly string[]): string {
  return inject('imagesMissing')
    .filter((line) => tags.some((tag) => line.startsWith(tag)))
    .join('; ')
}

/** The tag that a reader gives. What it named before the test, it names again afterwards. */
const readersTag = 'millrace:latest'
let before = ''

beforeAll(async () => {
  if (missing === '') before = (await tryDocker('image', 'inspect', '--format', '{{.Id}}', readersTag)).out.trim()
})
afterAll(async () => {
  if (missing !== '') return
  if (before === '') await tryDocker('image', 'rm', readersTag)
  else await docker('tag', before, readersTag)
})

describe.skipIf(missing !== '')('docker run', () => {
  let stack: LocalStack
  let shell: Shell
  let port = 0

  beforeAll(async () => {
    stack = await startLocalStack(['orders', 'payments'], '0.0.0.0')
    port = await freePort()
    const lines = substituted(readmeCode('In Docker', 'sh'), {
      'host.docker.internal:4566': `host.docker.internal:${stack.port}`,
      '127.0.0.1:4570:4570': `127.0.0.1:${port}:4570`,
    })
    shell = typed(lines, { cwd: repository })
  })
  afterAll(async () => {
    await shell?.end()
    await stack?.stop()
  })

  /** Waits until the commands have written it; one that fails ends the waiting. */
  async function untilWritten(text: string): Promise<void> {
    const isWritten = () => shell.written().includes(text)
    await until(async () => isWritten() || shell.ended(), `"${text}"`, { secondsMax: 240 })
    if (!isWritten()) throw new Error(`it ended without "${text}":\n${shell.written()}`)
  }

  it('the commands of the README build the image and start it beside a stack of this machine', async () => {
    await untilWritten('Millrace is ready.')
    await untilWritten('The mapping is Enabled.')
    expect(shell.ended()).toBe(false)
  }, 300_000)

  it('a message of the queue reaches the function', async () => {
    stack.send('orders', 'hello')
    await until(async () => stack.received('orders').includes('hello'), 'the function has it')
    await until(async () => stack.left('orders') === 0, 'the message is deleted')
    expect(stack.received('orders')).toEqual(['hello'])
  })

  it('the AWS CLI creates a mapping, and its messages flow', async ({ skip }) => {
    skip(absent('amazon/aws-cli') !== '', absent('amazon/aws-cli'))
    const container = await docker('ps', '--quiet', '--filter', `publish=${port}`)
    // In the container's network, the port of Millrace is what the README says.
    const options = ['--rm', '--network', `container:${container}`, '--entrypoint', 'sh']
    const names = ['AWS_REGION=us-east-1', 'AWS_DEFAULT_REGION=us-east-1', 'AWS_ACCESS_KEY_ID=test']
    const env = [...names, 'AWS_SECRET_ACCESS_KEY=test'].flatMap((each) => ['--env', each])
    const lines = readmeCode('With a stack that has an endpoint', 'sh', 1)
    const made = await docker('run', ...options, ...env, 'amazon/aws-cli:latest', '-ec', lines)
    expect(JSON.parse(made)).toMatchObject({ BatchSize: 10, State: 'Creating' })
    stack.send('payments', 'paid')
    await until(async () => stack.received('payments').includes('paid'), 'the function has it')
  })

  it('with the network of the machine, it reaches a stack of 127.0.0.1', async () => {
    const here = await startLocalStack(['orders'])
    const lines = substituted(lastCommand(readmeCode('In Docker', 'sh')), {
      '--publish 127.0.0.1:4570:4570 --add-host host.docker.internal:host-gateway': '--network host',
      'host.docker.internal:4566': `127.0.0.1:${here.port}`,
      // Others may have taken 4570 of this machine.
      '  millrace': '  --env MILLRACE_PORT=0 millrace',
    })
    const started = typed(lines, { cwd: repository })
    try {
      here.send('orders', 'hello')
      const { received } = here
      await until(async () => received('orders').includes('hello') || started.ended(), 'the function has it')
      expect(received('orders'), started.written()).toEqual(['hello'])
    } finally {
      await started.end('SIGINT')
      await here.stop()
    }
  })

  it('Ctrl-C ends it, and nothing is left', async () => {
    await shell.end('SIGINT')
    expect(shell.written()).toContain('Millrace has stopped.')
    await until(async () => (await docker('ps', '-aq', '--filter', `publish=${port}`)) === '', 'it is removed')
  })
})

describe.skipIf(composeMissing !== '')('LocalStack', () => {
  it('a message of the queue reaches the function', async ({ skip }) => {
    const reason = absent('localstack/', 'amazon/aws-cli', 'public.ecr.aws/')
    skip(reason !== '', reason)
    const commands = readmeCode('With LocalStack', 'sh').split('\n')
    expect(commandsOf('localstack.yaml')).toEqual(commands)
    await inProject('localstack.yaml', async (project) => {
      const { upSeconds, shown } = await startsAndShows(project, commands, 'received aws:sqs hello')
      expect(shown).not.toContain('rror')
      report('LocalStack: docker compose up', `${upSeconds.toFixed(0)} s`)
    })
  })
})

describe.skipIf(missing !== '')('Testcontainers', () => {
  let folder = ''
  let containers: readonly string[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-snippet-'))
    containers = await ownedByTestcontainers()
  })
  // Where there is nobody to take the containers away afterwards, the tests do so themselves.
  afterEach(async () => {
    const left = (await ownedByTestcontainers()).filter((id) => !containers.includes(id))
    if (left.length > 0) await docker('rm', '--force', '--volumes', ...left)
    await rm(folder, { recursive: true, force: true })
  })

  it('the snippet of the README is right for the compiler, and its handler gets the message', async ({ skip }) => {
    const reason = absent('localstack/', 'testcontainers/')
    skip(reason !== '', reason)
    await installPackage(folder)
    await docker('tag', imageTag, readersTag)
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'orders.ts'), readmeCode('In a test, as a container', 'ts'))
    await writeFile(join(folder, 'embedded.ts'), readmeCode('In a test, in the same process', 'ts'))
    const flags = '--noEmit --strict --skipLibCheck --target es2024 --module nodenext --types node'.split(' ')
    const options = { cwd: folder, env: { TESTCONTAINERS_RYUK_DISABLED: 'true' } }
    await output(join(repository, 'node_modules/.bin/tsc'), [...flags, 'orders.ts', 'embedded.ts'], options)
    expect(await output(process.execPath, ['orders.ts'], options)).toBe('handled: hello')
  }, 300_000)
})

/** The last of several commands, which may go over several lines. */
function lastCommand(lines: string): string {
  return lines.split(/(?<!\\)\n/).at(-1) ?? ''
}

/** Puts the package there as `npm pack` makes it; those that it needs are the ones of this checkout. */
async function installPackage(folder: string): Promise<void> {
  const clone = join(folder, 'millrace')
  await freshCopy(clone)
  const packed = await output('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: clone })
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, 'millrace'), { recursive: true })
  const archive = join(folder, packed.split('\n').at(-1) ?? '')
  await output('tar', ['-xzf', archive, '--strip-components=1', '-C', join(modules, 'millrace')])
  for (const name of await readdir(join(repository, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(repository, 'node_modules', name), join(modules, name))
  }
}

async function ownedByTestcontainers(): Promise<readonly string[]> {
  const ids = await docker('ps', '--all', '--quiet', '--filter', 'label=org.testcontainers=true')
  return ids.split('\n').filter((id) => id !== '')
}
