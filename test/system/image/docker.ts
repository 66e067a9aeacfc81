import { randomUUID } from 'node:crypto'
import { output, run, type CommandResult } from './command.ts'

/** The `docker` command; a failure is an error with its last words. */
export function docker(...args: readonly string[]): Promise<string> {
  return output('docker', args)
}

export function tryDocker(...args: readonly string[]): Promise<CommandResult> {
  return run('docker', args)
}

/** A private network with containers in it. Everything is removed with it. */
export interface Yard {
  readonly network: string
  /** Starts a container; the last arguments are image and command. Its name is its host name for the others. */
  start(name: string, ...args: readonly string[]): Promise<Container>
  /** A volume that goes with the yard. */
  volume(): Promise<string>
  clear(): Promise<void>
}

export interface Container {
  readonly id: string
  /** Runs a program inside and answers what it wrote. */
  exec(...args: readonly string[]): Promise<string>
  logs(): Promise<string>
  /** A field of `docker inspect`. */
  inspect(template: string): Promise<string>
}

export async function createYard(): Promise<Yard> {
  const network = `millrace-${randomUUID().slice(0, 8)}`
  const containers: string[] = []
  const volumes: string[] = []
  await docker('network', 'create', network)
  return {
    network,
    async start(name, ...args) {
      const id = await docker('run', '--detach', '--network', network, '--network-alias', name, ...args)
      containers.push(id)
      return containerOf(id)
    },
    async volume() {
      const volume = await docker('volume', 'create')
      volumes.push(volume)
      return volume
    },
    async clear() {
      if (containers.length > 0) await tryDocker('rm', '--force', '--volumes', ...containers)
      if (volumes.length > 0) await tryDocker('volume', 'rm', '--force', ...volumes)
      await tryDocker('network', 'rm', network)
    },
  }
}

function containerOf(id: string): Container {
  return {
    id,
    exec: (...args) => docker('exec', id, ...args),
    async logs() {
      const { out, err } = await tryDocker('logs', id)
      return out + err
    },
    inspect: (template) => docker('inspect', '--format', template, id),
  }
}
