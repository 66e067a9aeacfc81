import type { Environment } from './variables.ts'

/** `problem` follows the place and the key in a refusal. */
export type Expansion = { readonly text: string } | { readonly problem: string }

const opening = /\$?\$\{/g
const reference = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/

/**
 * `${NAME}` and `${NAME:-DEFAULT}` replaced by variables of the environment; `$${` stands for `${`. A `$` without a brace is a
 * character like any other ($or and $LATEST need nothing). The default holds where the variable is unset or empty.
 */
export function expand(text: string, env: Environment): Expansion {
  let expanded = ''
  let from = 0
  for (const { 0: found, index } of text.matchAll(opening)) {
    // A default may hold what looks like the next one.
    if (index < from) continue
    expanded += text.slice(from, index)
    from = index + found.length
    if (found === '$${') {
      expanded += '${'
      continue
    }
    const [whole, name, preset] = reference.exec(text.slice(index)) ?? []
    if (whole === undefined || name === undefined) return { problem: notAReference(text.slice(index)) }
    const value = valueOf(env[name], preset)
    if (value === undefined) return { problem: unset(name) }
    expanded += value
    from = index + whole.length
  }
  return { text: expanded + text.slice(from) }
}

function valueOf(value: string | undefined, preset: string | undefined): string | undefined {
  if (preset === undefined) return value
  return value === undefined || value === '' ? preset : value
}

function unset(name: string): string {
  return `needs the variable ${name}, which is not set. \${${name}:-DEFAULT} has a default; $\${${name}} is the text itself.`
}

function notAReference(text: string): string {
  const end = text.indexOf('}')
  const shown = text.slice(0, Math.min(end < 0 ? text.length : end + 1, 40))
  return `has ${JSON.stringify(shown)}, which is neither \${NAME} nor \${NAME:-DEFAULT}. Write $\${ where \${ itself is meant.`
}
