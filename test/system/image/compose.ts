import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { run, type CommandResult } from './command.ts'
import { until } from '../../support/until.ts'
import { imageTag } from './tags.ts'

const repository = join(import.meta.dirname, '../../..')
const composeFolder = 'deploy/compose'

/** The plugin where there is one, else the program of its own that came before it. */
const plugin = inject('dockerMissing') === '' && (await run('docker', ['compose', 'version'])).code === 0

/** Why no compose file can be tried; empty where they can. */
export const composeMissing =
  inject('dockerMissing') || (plugin || (await hasProgram()) ? '' : 'neither docker compose nor docker-compose')

async function hasProgram(): Promise<boolean> {
  return (await run('docker-compose', ['version']).catch(() => ({ code: 1 }))).code === 0
}

/** Ports of the machine are left to chance, so that nothing else is in the way. */
const environment = {
  ...{ MILLRACE_IMAGE: imageTag, BACKEND_PORT: '0', MILLRACE_PORT: '0', KINESIS_PORT: '0', DYNAMODB_PORT: '0' },
  QUEUE_ARN: 'arn:aws:sqs:eu-west-1:123456789012:orders',
  MILLRACE_ACCESS_KEY_ID: 'test',
  MILLRACE_SECRET_ACCESS_KEY: 'test',
  MILLRACE_TOKEN: 'a-token-of-the-test',
}

/** One stack of a compose file, under a name of its own. */
export interface Project {
  /** Runs a command as the file or the README shows it. */
  succeeds(line: string): Promise<void>
  /** Repeats a command until it shows the text, and answers all that it shows then. */
  shows(line: string, text: string | RegExp): Promise<string>
}

let projects = 0

/** Runs commands of one stack; whatever has become of them, the stack is taken down. An error tells its last words. */
export async function inProject(
  file: string,
  act: (project: Project) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const name = `millrace${process.pid}x${(projects += 1)}`
  const shown = (line: string): Promise<CommandResult> => typedCommand(line, name, env)
  const succeeds = async (line: string): Promise<void> => {
    const { code, out, err } = await shown(line)
    if (code !== 0) throw new Error(`${line}: exit code ${code}\n${out}\n${err}`)
  }
  const shows = async (line: string, text: string | RegExp): Promise<string> => {
    let out = ''
    await until(
      async () => {
        ;({ out } = await shown(line))
        return out.search(text) >= 0
      },
      `${line} shows ${String(text)}`,
    )
    return out
  }
  try {
    await act({ succeeds, shows })
  } catch (error) {
    const { out } = await shown(`docker compose -f ${composeFolder}/${file} logs --tail 40`)
    throw new Error(`${String(error)}\n${out}`, { cause: error })
  } finally {
    // Nobody waits for what an emulator might still do.
    await shown(`docker compose -f ${composeFolder}/${file} down --volumes --timeout 1`)
  }
}

/** The file as compose understands it. */
export async function composed(file: string): Promise<string> {
  const { code, out, err } = await typedCommand(`docker compose -f ${composeFolder}/${file} config`, 'millrace', {})
  if (code !== 0 || /error|invalid/i.test(err)) throw new Error(`${file}: exit code ${code}\n${out}\n${err}`)
  return out
}

/** Without a terminal `run` and `exec` are told so, and the image is the one that is tested, which is built already. */
function typedCommand(line: string, project: string, env: Readonly<Record<string, string>>): Promise<CommandResult> {
  const [, ...words] = wordsOf(line.replace('docker compose', 'docker-compose'))
  const verb = words.findIndex((word) => word === 'run' || word === 'exec')
  const args = words.flatMap((word, index) => (word === '--build' ? [] : index === verb ? [word, '-T'] : [word]))
  const options = {
    cwd: repository,
    env: { ...environment, COMPOSE_PROJECT_NAME: project, ...env },
    secondsMax: 240,
  }
  return plugin ? run('docker', ['compose', ...args], options) : run('docker-compose', args, options)
}

/** Words as a shell takes them apart: single quotes hold one together. */
function wordsOf(line: string): readonly string[] {
  return Array.from(line.matchAll(/'([^']*)'|\S+/g), ([word, quoted]) => quoted ?? word)
}

/** The commands that the comment at the head of a compose file shows, each on a line of its own. */
export function commandsOf(file: string): readonly string[] {
  const lines = readFileSync(join(repository, composeFolder, file), 'utf8').split('\n')
  return lines
    .filter((line) => /^# {5}(?:QUEUE_ARN=\S+ )?(?:docker compose|aws) /.test(line))
    .map((line) => line.slice(6))
}

/** The three commands of a stack: the last one, repeated, shows what it is to show. Says after how long the first was done. */
export async function startsAndShows(
  project: Project,
  commands: readonly string[],
  text: string | RegExp,
): Promise<{ readonly upSeconds: number; readonly shown: string }> {
  const [up = '', send = '', show = '', ...more] = commands
  if (more.length > 0 || show === '') throw new Error(`three commands are expected, not:\n${commands.join('\n')}`)
  const began = performance.now()
  await project.succeeds(up)
  const upSeconds = (performance.now() - began) / 1_000
  await project.succeeds(send)
  return { upSeconds, shown: await project.shows(show, text) }
}

/** Commands that the comment mentions between backquotes, without `docker compose` and the file before them. */
export function commandsWithin(file: string): readonly string[] {
  const comment = readFileSync(join(repository, composeFolder, file), 'utf8').matchAll(/^# .*`(run --rm aws [^`]+)`/gm)
  return Array.from(comment, ([, command]) => `docker compose -f ${composeFolder}/${file} ${command}`)
}
