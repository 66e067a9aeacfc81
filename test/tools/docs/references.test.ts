import { describe, expect, test } from 'vitest'
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
  test('sections', () => {
    expect(pages.flatMap((page) => brokenSections(page, tree))).toEqual([])
  })

  test('paths', () => {
    expect(pages.flatMap((page) => brokenPaths(page, tree))).toEqual([])
  })

  test('links', () => {
    expect(pages.flatMap((page) => brokenLinks(page, tree))).toEqual([])
  })

  test('of all pages that there are', () => {
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
  test('sections', () => {
    expect(brokenSections(broken, tree)).toEqual([
      `${fixture}: docs/behaviour.md has no section 4.99`,
      `${fixture}: src/core/SPEC.md has no section 77`,
      `${fixture}: docs/architecture.md has no section 6.8`,
      `${fixture}: ${fixture} has no section 3`,
    ])
  })

  test('sections in a source, where the document is not said', () => {
    const sign = '§'
    const text = `// As on AWS (${sign}4.6).\n/** By behaviour\n * ${sign}4.6. */\n// By the old spec ${sign}99.`
    expect(brokenSections({ file: 'src/core/flow/step.ts', text }, tree)).toEqual([
      'src/core/flow/step.ts: section 4.6 is cited without its document',
      'src/core/flow/step.ts: src/core/SPEC.md has no section 99',
    ])
  })

  test('paths', () => {
    expect(brokenPaths(broken, tree)).toEqual(
      ['src/core/flows.ts', 'sorces.ts', 'engine/nobody/*', 'test/system/regressions/rows-of-old.ts'].map(
        (name) => `${fixture}: there is no ${name}`,
      ),
    )
  })

  test('paths in the comments of a source, and not in its code', () => {
    const text = "/** As `core/nobody.ts` has it. */\nconst name = 'src/core/nobody.ts'\n"
    expect(brokenPaths({ file: 'src/core/flow/step.ts', text }, tree)).toEqual([
      'src/core/flow/step.ts: there is no core/nobody.ts',
    ])
  })

  test('links', () => {
    expect(brokenLinks(broken, tree)).toEqual(
      ['../gone.md', '../../../../docs/README.md#nothing', '#either'].map(
        (target) => `${fixture}: the link ${target} leads nowhere`,
      ),
    )
  })
})

test('a section is a numbered heading, or a numbered item below one of the first order', () => {
  const sections = sectionsOf('## 3. A\n\n1. One\n2. Two\n\n### 3.4 B\n\n1. Three\n\n## 5a. C\n')
  expect([...sections]).toEqual(['3', '3.1', '3.2', '3.4', '5a'])
})
