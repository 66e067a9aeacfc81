import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { docker, tryDocker, type Container } from './docker.ts'
import { until } from '../../support/until.ts'
import { report } from './report.ts'
import { configText, isHealthy, startImageStack, type ImageStack } from './stack.ts'
import { baseTag, imageTag } from './tags.ts'

const missing = inject('dockerMissing')

describe.skipIf(missing !== '')('image', () => {
  it('is less than 90 MB above its base', async () => {
    const [image, base] = await Promise.all([sizeOf(imageTag), sizeOf(baseTag)])
    const above = (image - base) / 1e6
    report('size above the base', `${above.toFixed(1)} MB (limit 90)`)
    expect(above).toBeLessThan(90)
  })

  it('adds the bundle and its compile cache to the base: no packages, nothing made for one processor', async () => {
    const list = 'cd /; find bin etc home lib opt sbin srv usr var -xdev \\( -type f -o -type l \\) 2>/dev/null; true'
    const [ours, theirs] = await Promise.all([imageTag, baseTag].map((tag) => sh(tag, list)))
    const known = new Set(theirs?.split('\n'))
    const added = (ours ?? '').split('\n').filter((path) => !known.has(path))
    const others = added.filter((path) => !/^usr\/local\/lib\/millrace\/(?:cache|chunks)\//.test(path))
    expect(others.toSorted()).toEqual([
      'usr/local/bin/millrace',
      'usr/local/lib/millrace/index.mjs',
      'usr/local/lib/millrace/millrace.mjs',
      'usr/local/share/millrace/LICENSE',
      'usr/local/share/millrace/sbom.cdx.json',
    ])
    // ELF files begin with 7f 45 4c 46.
    const elf = `cd /; for f in ${added.join(' ')}; do head -c 4 "$f" | od -An -tx1 | grep -q "7f 45 4c 46" && echo "$f"; done; true`
    expect(await sh(imageTag, elf)).toBe('')
    report(
      'files added to the base',
      `${others.length}, the bundle's chunks and the compile cache; no packages, no ELF file`,
    )
  })

  it('runs as a user other than root, who may write to /data and where anybody may', async () => {
    expect(await sh(imageTag, 'id -u; find / -xdev -writable -type d ! -path "/proc/*" 2>/dev/null; true')).toMatch(
      /^1000\n(?:(?:\/data|\/tmp|\/var\/tmp|\/run\/lock|\/dev\/\S+|\/home\/node\S*|\/var\/lock)\n?)+$/,
    )
  })

  it('holds nothing that installs packages, and says what is inside of its file', async () => {
    const tools =
      'for tool in npm npx corepack yarn yarnpkg; do command -v $tool; done; ls -d /usr/local/lib/node_modules 2>/dev/null; true'
    expect(await sh(imageTag, tools)).toBe('')
    const bill = JSON.parse(await sh(imageTag, 'cat /usr/local/share/millrace/sbom.cdx.json')) as {
      components: readonly unknown[]
    }
    expect(bill.components.length).toBeGreaterThan(20)
  })

  it('is labelled', async () => {
    const labels = JSON.parse(await docker('inspect', '--format', '{{json .Config.Labels}}', imageTag)) as object
    expect(labels).toMatchObject({
      'org.opencontainers.image.title': 'Millrace',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    })
  })

  it('runs as another user as well', async () => {
    const args = ['--user=2000:2000', '--env=MILLRACE_STORE=memory:', '--env=AWS_REGION=us-east-1']
    const id = await docker('run', '--detach', ...args, imageTag)
    try {
      await until(async () => {
        const { out, err } = await tryDocker('logs', id)
        if ((await docker('inspect', '--format', '{{.State.Running}}', id)) === 'true') return out.includes('is ready')
        throw new Error(`it has ended:\n${out}\n${err}`)
      }, 'it is ready')
      expect(await docker('exec', id, 'id', '-u')).toBe('2000')
    } finally {
      await docker('rm', '--force', '--volumes', id)
    }
  })

  it('refuses arguments it does not know with exit code 2', async () => {
    expect((await tryDocker('run', '--rm', imageTag, 'start', '--nonsense')).code).toBe(2)
  })
})

describe.skipIf(missing !== '')('image', () => {
  let stack: ImageStack

  beforeAll(async () => {
    stack = await startImageStack()
  })
  afterAll(() => stack?.clear())

  /** Stopped first: the poll of one that is killed goes on at the queue for a second, and takes the next message with it. */
  async function ended(container: Container): Promise<void> {
    await docker('stop', container.id)
    await docker('rm', '--force', '--volumes', container.id)
  }

  // With variables alone.
  it('a message of the queue reaches the function', async () => {
    const container = await stack.healthy([`--env=MILLRACE_CONFIG=${configText}`])
    await stack.send('by variables')
    await stack.functionWrote('ended by variables')
    expect(await container.inspect('{{.RestartCount}} {{.State.Running}}')).toBe('0 true')
    await ended(container)
  })

  it('takes the file that is mounted, which may say where the store is and the port', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-mounted-'))
    await writeFile(join(folder, 'millrace.yaml'), `${configText}server: { port: 4580 }\nstore: memory\n`)
    await docker('run', '--rm', `--volume=${folder}:/to`, '--entrypoint=chmod', baseTag, '-R', 'a+rX', '/to')
    const container = await stack.healthy([`--volume=${folder}/millrace.yaml:/etc/millrace/millrace.yaml:ro`])
    await stack.send('by file')
    await stack.functionWrote('ended by file')
    expect(await container.exec('ls', '/data')).toBe('')
    await ended(container)
    await rm(folder, { recursive: true })
  })

  it('runs on a read-only root without any capability', async () => {
    const hardened = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges']
    const container = await stack.healthy([...hardened, `--env=MILLRACE_CONFIG=${configText}`])
    await stack.send('read-only')
    await stack.functionWrote('ended read-only')
    expect(await container.exec('ls', '/data')).toContain('millrace.db')
    await ended(container)
  })

  it('docker stop lets the invocation in flight end, deletes its message and ends with 0', async () => {
    const container = await stack.healthy([`--env=MILLRACE_CONFIG=${configText}`])
    // A second try must not take the lines of the first for its own.
    const body = `slow ${2_500 + Math.floor(Math.random() * 100)}`
    await stack.send(body)
    await stack.functionWrote(`began ${body}`)
    const began = performance.now()
    await docker('stop', container.id)
    expect((await stack.function.logs()).includes(`ended ${body}`)).toBe(true)
    expect(await container.inspect('{{.State.ExitCode}} {{.State.OOMKilled}}')).toBe('0 false')
    expect(await stack.left()).toBe(0)
    report('docker stop during an invocation of 2.5 s', `exit code 0 after ${seconds(began)}, message deleted`)
    await ended(container)
  })

  it('as PID 1 ends on SIGINT as on SIGTERM, and leaves no zombies of its health checks', async () => {
    const container = await stack.healthy(['--health-interval=200ms', '--env=MILLRACE_STORE=memory:'])
    expect(await container.exec('cat', '/proc/1/cmdline')).toMatch(/^node\0.*millrace\0start/)
    await until(async () => {
      return (await container.inspect('{{len .State.Health.Log}}')) === '5'
    }, 'five health checks')
    // One that has just ended may be seen before it is taken away; those that nobody takes away stay.
    await until(async () => {
      return !(await container.exec('sh', '-c', 'cat /proc/[0-9]*/stat | cut -d" " -f3')).includes('Z')
    }, 'no zombie')
    await docker('kill', '--signal=INT', container.id)
    expect(await docker('wait', container.id)).toBe('0')
    await ended(container)
  })

  it('keeps its mappings in a named volume, also over a new container', async () => {
    const volume = `--volume=${await stack.yard.volume()}:/data`
    const first = await stack.healthy([volume, `--env=MILLRACE_CONFIG=${configText}`])
    const uuid = await uuidIn(first)
    await docker('stop', first.id)
    await ended(first)
    const second = await stack.healthy([volume])
    expect(await uuidIn(second)).toBe(uuid)
    await ended(second)
  })

  it('on a mounted folder of root says what is wrong and ends with 1', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-root-'))
    await docker('run', '--rm', '--user=0', `--volume=${folder}:/to`, '--entrypoint=chown', baseTag, 'root:root', '/to')
    const { code, out, err } = await tryDocker(
      'run',
      '--rm',
      `--volume=${folder}:/data`,
      '--env=AWS_REGION=us-east-1',
      imageTag,
    )
    expect(code).toBe(1)
    expect(out + err).toMatch(
      /store \/data\/millrace\.db cannot be opened: check that user 1000 may write that file and its directory/,
    )
    report('a /data that this user may not write', (out + err).trim())
    await rm(folder, { recursive: true })
  })

  it('turns unhealthy when it hangs, and healthy again', async () => {
    const container = await stack.healthy([
      '--health-retries=1',
      '--health-interval=200ms',
      '--env=MILLRACE_STORE=memory:',
    ])
    const is = (state: string) => async () => (await container.inspect('{{.State.Health.Status}}')) === state
    // A hung process, seen from outside: it takes connections (the kernel does) and answers none.
    await docker('kill', '--signal=STOP', container.id)
    await until(is('unhealthy'), 'unhealthy')
    await docker('kill', '--signal=CONT', container.id)
    await until(is('healthy'), 'healthy')
    expect(await container.inspect('{{.State.Running}}')).toBe('true')
    await ended(container)
  })

  it('listens on IPv4 and IPv6', async () => {
    const ipv6 = ['--sysctl=net.ipv6.conf.all.disable_ipv6=0', '--sysctl=net.ipv6.conf.lo.disable_ipv6=0']
    const container = await stack.healthy([...ipv6, '--env=MILLRACE_STORE=memory:'])
    expect(await statusAt(container, 'http://127.0.0.1:4570/healthz')).toBe('200')
    expect(await statusAt(container, 'http://[::1]:4570/healthz')).toBe('200')
    await ended(container)
  })

  it('where the kernel has no IPv6, listens on IPv4', async () => {
    const profile = join(import.meta.dirname, 'inside/no-ipv6.json')
    const container = await stack.healthy([`--security-opt=seccomp=${profile}`, '--env=MILLRACE_STORE=memory:'])
    expect(await statusAt(container, 'http://127.0.0.1:4570/healthz')).toBe('200')
    expect(await container.logs()).toContain('http://127.0.0.1:4570')
    await ended(container)
  })

  it('listens each time it is started', async () => {
    const times: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const container = await stack.millrace([`--env=MILLRACE_CONFIG=${configText}`])
      await until(
        async () => (await container.logs()).includes('Millrace is ready'),
        async () => `ready\n${await container.logs()}`,
      )
      const [line = '{}'] = (await container.logs()).split('\n').filter((each) => each.includes('Millrace is ready'))
      const { time } = JSON.parse(line) as { readonly time: string }
      times.push(Date.parse(time) - Date.parse(await container.inspect('{{.State.StartedAt}}')))
      await ended(container)
    }
    // A figure: how fast it is depends on the machine and on what else runs there.
    report('listening after the process began', `${Math.min(...times)} ms, best of ${times.join(', ')} (aim 400)`)
    expect(times).toHaveLength(5)
  })

  it('is healthy with the intervals of the image', async () => {
    const began = performance.now()
    const container = await stack.yard.start('plain', '--env=AWS_REGION=us-east-1', imageTag)
    await isHealthy(container)
    report('healthy after docker run', seconds(began))
    expect(await container.inspect('{{.Config.Healthcheck.Test}}')).toBe('[CMD millrace health]')
    await ended(container)
  })
})

async function sizeOf(tag: string): Promise<number> {
  return Number(await docker('image', 'inspect', '--format', '{{.Size}}', tag))
}

function sh(tag: string, script: string): Promise<string> {
  return docker('run', '--rm', '--entrypoint=sh', tag, '-c', script)
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1_000).toFixed(1)} s`
}

async function uuidIn(container: Container): Promise<string> {
  const { EventSourceMappings } = JSON.parse(await container.exec('millrace', 'mappings', 'list', '--json')) as {
    readonly EventSourceMappings: readonly { readonly UUID: string }[]
  }
  expect(EventSourceMappings).toHaveLength(1)
  return EventSourceMappings[0]?.UUID ?? ''
}

function statusAt(container: Container, url: string): Promise<string> {
  const script = `fetch('${url}').then((r) => console.log(r.status), (e) => console.log(String(e.cause)))`
  return container.exec('node', '-e', script)
}
