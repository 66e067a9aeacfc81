import { isIP } from 'node:net'

/**
 * Which names in a request's Host header are ours. A page of a stranger can point a name of its own at this address (DNS
 * rebinding), and then counts as the same origin for the browser: the name gives it away.
 */
export interface OwnHosts {
  has(hostHeader: string): boolean
}

/** Names that no stranger can have in the public DNS. */
const privateSuffixes = ['.internal', '.local', '.localhost', '.svc', '.cluster.local']

/** `bound`: the address that is listened on. `allowed`: names that the operator has added; `*.example.com` is any name below. */
export function createOwnHosts(bound: string, allowed: readonly string[]): OwnHosts {
  const named = new Set([bound.toLowerCase(), ...allowed.map((name) => name.toLowerCase())])
  const suffixes = allowed.filter((name) => name.startsWith('*.')).map((name) => name.slice(1).toLowerCase())
  const isBeyondLoopback = !isLoopback(bound)
  return {
    has(header) {
      const name = hostnameOf(header)
      if (name === null) return false
      if (isLoopback(name) || named.has(name) || suffixes.some((suffix) => name.endsWith(suffix))) return true
      return isBeyondLoopback && isPrivateName(name)
    },
  }
}

/** Whether only this machine reaches the address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  if (isIP(name) === 4) return name.startsWith('127.')
  return name === '::1' || name.startsWith('::ffff:127.')
}

function isPrivateName(name: string): boolean {
  if (isIP(name) !== 0) return true
  return !name.includes('.') || privateSuffixes.some((suffix) => name.endsWith(suffix))
}

/** Lower case, without port, brackets and the dot of the root; null: no name. */
function hostnameOf(header: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\\?#\s]+))(?::\d{0,5})?$/i.exec(header) ?? []
  const name = (bracketed ?? plain ?? '').toLowerCase().replace(/\.$/, '')
  if (name === '' || (bracketed !== undefined && isIP(bracketed) !== 6)) return null
  return name
}
