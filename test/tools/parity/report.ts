import { titleOf } from './table.ts'
import type { Tag } from './tags.ts'

/** What the JSON reporter of vitest writes, as far as it is needed here. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

/** Tags whose tests did not pass in this run. A tagged group counts when all of it passed that ran. */
export function problemsOfRun(tags: readonly Tag[], report: TestReport): readonly string[] {
  return tags.flatMap((tag) => {
    const results = report.testResults.filter(({ name }) => mayHold(name, tag.file))
    const own = results
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ ancestorTitles, title }) => isBelow(tag.path, [...ancestorTitles, title]))
    const failed = own.filter(({ status }) => status === 'failed')
    if (failed.length > 0) return [`${tag.file}: "${titleOf(tag)}" failed.`]
    if (own.some(({ status }) => status === 'passed')) return []
    return [`${tag.file}: "${titleOf(tag)}" was not run.`]
  })
}

/** A suite that several test files share is run under their names. */
function mayHold(name: string, file: string): boolean {
  return name.endsWith(file) || !file.endsWith('.test.ts')
}

function isBelow(path: readonly string[], titles: readonly string[]): boolean {
  // A shared contract suite has groups around it that its own file does not show.
  for (let from = 0; from + path.length <= titles.length; from += 1) {
    if (path.every((title, index) => shapeOf(title).test(titles[from + index] ?? ''))) return true
  }
  return false
}

/** Titles of tables have places for values: `%s`, `$name`, `${name}`. */
function shapeOf(title: string): RegExp {
  const parts = title.replaceAll(/\\(.)/g, '$1').split(/%[a-z%]|\$\{[^}]*\}|\$[a-zA-Z_][\w.]*/)
  return new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.*')}$`, 's')
}
