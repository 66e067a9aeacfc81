import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startBrowserWorld, token, type BrowserWorld, type WorldOptions } from './browser-world.ts'
import { startChromium } from './chromium.ts'

/*
 * A page of somebody else, in a real browser, tries all that a page can do. It must change nothing, reach nothing behind, and
 * see nothing; the same attempts on a server without a gate show that they would.
 */

interface Outcome {
  readonly url: string
  readonly way: string
  /** What the page could tell of the answer. */
  readonly seen: string | null
}

const attempt = async (page: Page, plan: ReturnType<BrowserWorld['planFor']>): Promise<readonly Outcome[]> =>
  page.evaluate(`attempt(${JSON.stringify(plan)})`)

type Place = (world: BrowserWorld) => string

/** Where the stranger's page comes from. */
const strangers: Readonly<Record<string, Place>> = {
  'another port of this machine': ({ strangerPort }) => `http://127.0.0.1:${strangerPort}/`,
  'another name of this machine': ({ strangerPort }) => `http://evil.localhost:${strangerPort}/`,
  'a public name': ({ strangerPort }) => `http://evil.example:${strangerPort}/`,
  'a sandbox, so that its origin is null': ({ strangerPort }) => `http://127.0.0.1:${strangerPort}/sandboxed`,
}

const names = ['127.0.0.1', 'localhost', 'evil.localhost']

const worlds: readonly WorldOptions[] = [
  { auth: 'none', upstream: 'emulator' },
  { auth: 'token', upstream: 'emulator' },
  { auth: 'none', upstream: 'AWS' },
  { auth: 'token', upstream: 'AWS' },
]

const missing = inject('chromiumMissing')

describe.skipIf(missing !== '')("a stranger's page", () => {
  let browser: Awaited<ReturnType<typeof startChromium>>
  beforeAll(async () => {
    browser = await startChromium({ 'evil.example': '127.0.0.1', 'rebound.example': '127.0.0.1' })
  })
  afterAll(() => browser.close())

  async function onPage<T>(use: (page: Page) => Promise<T>): Promise<T> {
    const page = await browser.newPage()
    try {
      return await use(page)
    } finally {
      await page.close()
    }
  }

  describe.each(worlds)('with auth $auth before $upstream', (options) => {
    let world: BrowserWorld
    beforeAll(async () => {
      world = await startBrowserWorld(options)
    })
    afterAll(() => world.stop())

    it.each(Object.entries(strangers))('on %s gets nowhere', async (_, place) => {
      const before = await world.state()
      world.lambda.seen.length = 0
      for (const name of names) {
        const outcomes = await onPage(async (page) => {
          await page.goto(place(world))
          return attempt(page, world.planFor(`http://${name}:${world.port}`))
        })
        expect(outcomes.length).toBeGreaterThan(100)
        expect(outcomes.filter(({ seen }) => seen !== null)).toEqual([])
      }
      expect(await world.state()).toEqual(before)
      expect(world.lambda.seen).toEqual([])
    })

    it('whose name points at this Millrace by now (DNS rebinding) sees refusals alone', async () => {
      const before = await world.state()
      world.lambda.seen.length = 0
      const base = `http://rebound.example:${world.port}`
      const outcomes = await onPage(async (page) => {
        // The first answer still comes from the stranger's server; the name resolves to Millrace.
        await page.route(`${base}/`, (route) => route.fulfill({ contentType: 'text/html', body: world.html }))
        await page.goto(`${base}/`)
        return attempt(page, world.planFor(base))
      })
      const read = outcomes.flatMap(({ seen }) => seen ?? [])
      expect(read.length).toBeGreaterThan(50)
      expect(read.filter((text) => world.secrets.some((one) => text.includes(one)))).toEqual([])
      expect(read.filter((text) => !/^(?:403 |)(?:$|\{.*"code":"MILLRACE_HOST_NOT_ALLOWED")/.test(text))).toEqual([])
      expect(await world.state()).toEqual(before)
      expect(world.lambda.seen).toEqual([])
    })

    it('may not be in the way of its own: a page of Millrace reads and changes as any program', async () => {
      await onPage(async (page) => {
        await page.goto(`${world.endpoint}/healthz`)
        const status = async (path: string, init: object = {}): Promise<number> =>
          page.evaluate(`fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then(({ status }) => status)`)
        const path = `/2015-03-31/event-source-mappings/${world.uuid}`
        const headers = world.proof
        expect(await status('/healthz')).toBe(200)
        expect(await status(path)).toBe(options.auth === 'none' ? 200 : 401)
        expect(await status(path, { headers })).toBe(200)
        expect(await status(path, { headers, method: 'PUT', body: '{"MaximumBatchingWindowInSeconds":0}' })).toBe(202)
      })
    })

    it('is not alone in being kept from AWS: who is known is signed for, who is not is refused', async () => {
      world.lambda.seen.length = 0
      const { status, text } = await world.ask('/2015-03-31/functions/theirs')
      if (options.auth === 'none' && options.upstream === 'AWS') {
        expect([status, world.lambda.seen]).toEqual([403, []])
        expect(text).toContain('MILLRACE_PASS_THROUGH_NEEDS_AUTH')
        return
      }
      expect([status, world.lambda.seen.length]).toEqual([200, 1])
      const { authorization = '' } = world.lambda.seen[0]?.headers ?? {}
      expect(authorization.startsWith('AWS4-HMAC-SHA256 Credential=test/')).toBe(options.upstream === 'AWS')
      expect(authorization).not.toContain(token)
    })
  })

  it('does reach, read and change a server that has no such gate', async () => {
    const world = await startBrowserWorld({ auth: 'none', upstream: 'emulator' })
    try {
      const outcomes = await onPage(async (page) => {
        await page.goto(`http://evil.example:${world.strangerPort}/`)
        return attempt(page, world.planFor(`http://127.0.0.1:${world.lambda.port}`))
      })
      const read = new Set(outcomes.filter(({ seen }) => seen?.includes('hunter2')).map(({ way }) => way))
      expect(read).toEqual(new Set('GET, CORS|GET, preflight|OPTIONS|POST, CORS|POST, preflight|PUT|DELETE'.split('|')))
      const reached = new Set(world.lambda.seen.map(({ method }) => method))
      expect(reached).toEqual(new Set(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE']))
      const sent = outcomes.filter(({ way }) => /^POST|^form, (POST|redirected)|^beacon/.test(way)).length
      expect(world.lambda.seen.filter(({ method }) => method === 'POST').length).toBe(sent)
    } finally {
      await world.stop()
    }
  })
})
