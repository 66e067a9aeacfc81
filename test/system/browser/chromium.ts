import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext } from 'playwright-core'

/** Where Debian puts it. */
const file = '/usr/bin/chromium'
const installMsMax = 420_000

/** Empty where there is a Chromium, installed now where that can be done; else why there is none. */
export async function missingChromium(): Promise<string> {
  if (await isThere(file)) return ''
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID(?:_LIKE)?=.*debian/m.test(release) || process.getuid?.() !== 0) {
    return `there is no ${file}, and it is installed only on Debian by root`
  }
  const update = await apt('update', '-qq')
  const install = update === '' ? await apt('install', '-y', '-qq', '--no-install-recommends', 'chromium') : update
  return (await isThere(file)) ? '' : `chromium cannot be installed: ${install}`
}

/** Empty where it worked, else its last words. */
async function apt(...args: readonly string[]): Promise<string> {
  const child = spawn('apt-get', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: installMsMax,
  })
  let words = ''
  const keep = (chunk: Buffer): void => void (words = (words + chunk.toString()).slice(-500))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  await once(child, 'close')
  return child.exitCode === 0 ? '' : words.trim()
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** A browser of its own, with a profile that nobody has used; `names` are what the public DNS says. */
export async function startChromium(names: Readonly<Record<string, string>>) {
  const profile = await mkdtemp(join(tmpdir(), 'millrace-browser-'))
  const rules = Object.entries(names).map(([name, address]) => `MAP ${name} ${address}`)
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: file,
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Chromium's own guard of this machine would leave nothing to try for a page that it takes for a public one.
      '--disable-features=LocalNetworkAccessChecks',
      `--host-resolver-rules=${rules.join(', ')}`,
    ],
  })
  return {
    newPage: () => context.newPage(),
    async close(): Promise<void> {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}
