import { describe, expect, it } from 'vitest'
import { brokenLinks } from './links.ts'
import type { Page } from './page.ts'
import { brokenPaths } from './paths.ts'
import { brokenSections, sectionsOf } from './sections.ts'
import { pagesOf, readTree } from './tree.ts'

const tree = readTree()
const pages = pagesOf(tree).map((file): Page => ({ file, text: tree.read(file) }))
const fixture = 'test/tools/docs/fixtures/broken.md'
const broken: Page = { file: fixture, text: tree.read(fixture) }

describe('documents and comments name nothing that is not there', () => {
  it('sections', () => {
    expect(pages.flatMap((page) => brokenSections(page, tree))).toEqual([])
  })

  it('paths', () => {
    expect(pages.flatMap((page) => brokenPaths(page, tree))).toEqual([])
  })

  it('links', () => {
    expect(pages.flatMap((page) => brokenLinks(page, tree))).toEqual([])
  })

  it('of all pages that there are', () => {
    const files = pages.map(({ file }) => file)
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/behaviour.md', 'src/README.md', 'src/core/SPEC.md']),
    )
    expect(files).toEqual(
      expect.arrayContaining(['deploy/iam/README.md', '.github/SECURITY.md', 'src/core/flow/step.ts']),
    )
  })
})

describe('what is broken is found', () => {
  it('sections', () => {
    expect(brokenSections(broken, tree)).toEqual([
      `${fixture}: docs/behaviour.md has no section 4.99`,
      `${fixture}: src/core/SPEC.md has no section 77`,
      `${fixture}: docs/architecture.md has no section 6.8`,
      `${fixture}: ${fixture} has no section 3`,
    ])
  })

  it('sections in a source, where the document is not said', () => {
    const sign = '§'
    const text = `// As on AWS (${sign}4.6).\n/** By behaviour\n * ${sign}4.6. */\n// By the old spec ${sign}99.`
    expect(brokenSections({ file: 'src/core/flow/step.ts', text }, tree)).toEqual([
      'src/core/flow/step.ts: section 4.6 is cited without its document',
      'src/core/flow/step.ts: src/core/SPEC.md has no section 99',
    ])
  })

  it('paths', () => {
    expect(brokenPaths(broken, tree)).toEqual(
      ['src/core/flows.ts', 'sorces.ts', 'engine/nobody/*', 'test/system/regressions/rows-of-old.ts'].map(
        (name) => `${fixture}: there is no ${name}`,
      ),
    )
  })

  it('paths in the comments of a source, and not in its code', () => {
    const text = "/** As `core/nobody.ts` has it. */\nconst name = 'src/core/nobody.ts'\n"
    expect(brokenPaths({ file: 'src/core/flow/step.ts', text }, tree)).toEqual([
      'src/core/flow/step.ts: there is no core/nobody.ts',
    ])
  })

  it('links', () => {
    expect(brokenLinks(broken, tree)).toEqual(
      ['../gone.md', '../../../../docs/README.md#nothing', '#either'].map(
        (target) => `${fixture}: the link ${target} leads nowhere`,
      ),
    )
  })
})

it('a section is a numbered heading, or a numbered item below one of the first order', () => {
  const sections = sectionsOf('## 3. A\n\n1. One\n2. Two\n\n### 3.4 B\n\n1. Three\n\n## 5a. C\n')
  expect([...sections]).toEqual(['3', '3.1', '3.2', '3.4', '5a'])
})
