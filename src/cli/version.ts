import { readFileSync } from 'node:fs'

/** Both src/cli/ and dist/ lie one or two steps below package.json; the build puts the number in. */
declare const millraceVersion: string | undefined

export const version: string =
  typeof millraceVersion === 'string'
    ? millraceVersion
    : (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string })
        .version
