import { get } from 'node:http'
import { describeSome } from '../config/option-help.ts'
import { readSettings } from '../config/settings-reader.ts'
import type { Command, CommandContext } from './command.ts'
import { CommandError, exitCode, UsageError, type ExitCode } from './exit-code.ts'

/** Below the time that the image's HEALTHCHECK gives the whole command. */
const answerMsMax = 2_000

/**
 * Asks the Millrace of this machine whether it is alive. It reads the same settings as `start`, so that a container needs
 * no other word about the port, and it loads nothing of the service: supervisors run it every few seconds.
 */
export const healthCommand: Command = {
  name: 'health',
  synopsis: '[--config FILE] [--host HOST] [--port PORT]',
  summary: 'Say whether the Millrace with these settings is alive, for supervisors (exit code 0 or 1)',
  help: () => [
    describeSome(['config', 'host', 'port']),
    '',
    'The other options of `millrace start` are read and checked as well, so that one set of arguments and variables serves both.',
  ],
  run: runHealth,
}

async function runHealth({ argv, env, cwd, terminal }: CommandContext): Promise<ExitCode> {
  const { host, port } = readSettings({ argv, env, cwd }).server
  if (port === 0) throw new UsageError('port 0 is another one at each start; say which with --port')
  const failures: string[] = []
  for (const address of addressesOf(host)) {
    const failure = await ask(address, port)
    if (failure === undefined) {
      terminal.out('alive')
      return exitCode.ok
    }
    failures.push(`${address} port ${port}: ${failure}`)
  }
  throw new CommandError(`Millrace is not alive: ${failures.join('; ')}`)
}

/** A wildcard is no address to call. Where :: is listened on, either family may be the one that the machine has. */
function addressesOf(host: string): readonly string[] {
  if (host === '::') return ['127.0.0.1', '::1']
  return [host === '0.0.0.0' ? '127.0.0.1' : host]
}

/** Resolves with what is wrong, if anything. */
function ask(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/healthz', agent: false, signal: AbortSignal.timeout(answerMsMax) })
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`)
    })
    request.on('error', (error) => {
      resolve(error.name === 'AbortError' ? `no answer within ${answerMsMax} ms` : error.message)
    })
  })
}
