import { posix } from 'node:path'
import { proseOf, type Page } from './page.ts'
import type { Tree } from './tree.ts'

const link = /\[[^\]]*\]\(([^)\s]+)\)/g

/** Relative links of a Markdown page whose file or heading is not there. */
export function brokenLinks(page: Page, tree: Tree): readonly string[] {
  if (!page.file.endsWith('.md')) return []
  const targets = [
    ...proseOf(page)
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(link),
  ].map(([, target = '']) => target)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target) && !leads(target, page, tree))
    .map((target) => `${page.file}: the link ${target} leads nowhere`)
}

function leads(target: string, page: Page, tree: Tree): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page.file : posix.join(posix.dirname(page.file), path).replace(/\/$/, '')
  if (anchor === undefined) return tree.files.has(file) || tree.folders.has(file)
  if (path !== '' && !tree.files.has(file)) return false
  return anchorsOf(path === '' ? page.text : tree.read(file)).has(anchor)
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading)
  const slugs = headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set(slugs)
}
