import { join } from 'node:path'
import { runCommand, tryCommand } from './run-command.ts'

/** Programs of the machine that installers need. Where one is missing, Debian's package manager brings it, once. */

const aptDone = new Map<string, Promise<void>>()

function aptInstall(...packages: readonly string[]): Promise<void> {
  const key = packages.join(' ')
  const running = aptDone.get(key) ?? apt(packages)
  aptDone.set(key, running)
  return running
}

async function apt(packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0 || (await tryCommand('apt-get', ['--version'])) === undefined) {
    throw new Error(`${packages.join(', ')} is missing, and there is no apt-get to be used (root is needed)`)
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await runCommand('apt-get', ['update', '-qq'], { env, secondsMax: 180 })
  await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env })
}

/** A Python of this very version, for packages that run on no other: pyenv's, else the one on the path. */
export async function pythonOf(version: string): Promise<string> {
  const versions = (await tryCommand('pyenv', ['versions', '--bare']))?.split('\n').map((line) => line.trim()) ?? []
  const newest = versions.filter((each) => each.startsWith(`${version}.`)).at(-1)
  if (newest !== undefined) {
    const prefix = await tryCommand('pyenv', ['prefix', newest])
    if (prefix !== undefined) return join(prefix.trim(), 'bin', 'python')
  }
  const onPath = `python${version}`
  if (await hasVenv(onPath)) return onPath
  throw new Error(`Python ${version} is not installed: neither pyenv nor the path has it`)
}

/** Any Python that today's packages run on. */
export async function anyPython(): Promise<string> {
  const candidates = ['python3.11', 'python3.12', 'python3.13', 'python3']
  for (const candidate of candidates) if ((await isRecent(candidate)) && (await hasVenv(candidate))) return candidate
  for (const version of ['3.11', '3.12', '3.13']) {
    const found = await pythonOf(version).catch(() => undefined)
    if (found !== undefined) return found
  }
  await aptInstall('python3', 'python3-venv')
  return 'python3'
}

async function isRecent(python: string): Promise<boolean> {
  return (await tryCommand(python, ['-c', 'import sys; assert sys.version_info >= (3, 10)'])) !== undefined
}

async function hasVenv(python: string): Promise<boolean> {
  return (await tryCommand(python, ['-c', 'import ensurepip, venv'])) !== undefined
}

/** Java with its compiler: ElasticMQ is started from a source file. */
async function needJava(): Promise<void> {
  if ((await tryCommand('java', ['--list-modules']))?.includes('jdk.compiler') === true) return
  await aptInstall('default-jdk-headless')
}

export async function needMaven(): Promise<void> {
  await needJava()
  if ((await tryCommand('mvn', ['--version'])) === undefined) await aptInstall('maven')
}

/** Where the Java that runs here is installed. */
export async function javaHome(): Promise<string> {
  await needJava()
  const real = await runCommand('sh', ['-c', 'readlink -f "$(command -v java)"'])
  return join(real.trim(), '..', '..')
}
