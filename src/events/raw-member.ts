/**
 * The text of one member of a JSON object, exactly as it was written: a window's state goes back to the function without
 * a number losing digits. `json` must be valid and an object. Of members with one name the last counts, as in JSON.parse.
 */
export function rawMember(json: string, name: string): string | undefined {
  let found: string | undefined
  let at = skipSpace(json, json.indexOf('{') + 1)
  while (json[at] === '"') {
    const keyEnd = stringEnd(json, at)
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1)
    const end = valueEnd(json, start)
    if (JSON.parse(json.slice(at, keyEnd)) === name) found = json.slice(start, end)
    const comma = skipSpace(json, end)
    if (json[comma] !== ',') break
    at = skipSpace(json, comma + 1)
  }
  return found
}

function skipSpace(json: string, from: number): number {
  let at = from
  while (at < json.length && json.charCodeAt(at) <= 0x20) at++
  return at
}

/** `from` is the opening quote; the result is the place after the closing one. */
function stringEnd(json: string, from: number): number {
  let at = from + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}

function valueEnd(json: string, from: number): number {
  const first = json[from]
  if (first === '"') return stringEnd(json, from)
  if (first === '{' || first === '[') return nestedEnd(json, from)
  let at = from
  while (at < json.length && !',}] \t\r\n'.includes(json.charAt(at))) at++
  return at
}

function nestedEnd(json: string, from: number): number {
  let depth = 0
  let at = from
  do {
    const char = json[at]
    if (char === '"') {
      at = stringEnd(json, at)
      continue
    }
    if (char === '{' || char === '[') depth++
    if (char === '}' || char === ']') depth--
    at++
  } while (depth > 0 && at < json.length)
  return at
}
