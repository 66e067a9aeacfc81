export interface Page {
  /** Its path from the root of the repository. */
  readonly file: string
  readonly text: string
}

/** What people read of a page: Markdown without its blocks of code, of a source its comments. */
export function proseOf({ file, text }: Page): string {
  return file.endsWith('.md') ? outsideFences(text) : commentsOf(text)
}

function outsideFences(markdown: string): string {
  let fenced = false
  const lines = markdown.split('\n').filter((line) => {
    const isFence = line.trimStart().startsWith('```')
    if (isFence) fenced = !fenced
    return !fenced && !isFence
  })
  return lines.join('\n')
}

function commentsOf(source: string): string {
  const lines = source.split('\n').filter((line) => /^\s*(?:\/\/|\/\*|\*)/.test(line))
  return lines.join('\n')
}
