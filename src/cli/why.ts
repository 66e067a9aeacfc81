import { printable } from '../model/printable.ts'
import { clientFor, endpointHelp, readArguments } from './client-options.ts'
import type { Command, CommandContext } from './command.ts'
import { exitCode, UsageError, type ExitCode } from './exit-code.ts'
import { shortName } from './short-name.ts'

/** The first sentence is the answer, the others what to look at next. */
interface Explanation {
  readonly uuid: string
  readonly source: string
  readonly functionArn: string
  readonly state: string
  readonly sentences: readonly string[]
}

export const whyCommand: Command = {
  name: 'why',
  synopsis: '[UUID|QUEUE|STREAM|TABLE|FUNCTION] [--json] [--endpoint URL]',
  summary: 'Say why mappings do not invoke their functions',
  help: () => [
    '  UUID               one mapping; without it, all of them',
    '  QUEUE|STREAM|TABLE|FUNCTION',
    '                     the mappings that it is part of: a name or an ARN',
    endpointHelp,
    '  --json             the findings as JSON',
  ],
  run: runWhy,
}

async function runWhy({ argv, env, terminal }: CommandContext): Promise<ExitCode> {
  const { values, positionals } = readArguments(argv, { endpoint: { type: 'string' }, json: { type: 'boolean' } })
  const [about, ...more] = positionals
  if (more.length > 0) throw new UsageError(`one name at a time: ${more.join(' ')} is too much`)
  const client = clientFor(values.endpoint, env)
  const query = about === undefined ? '' : `?about=${encodeURIComponent(about)}`
  const answer = (await client.getWith('explanations', `/_millrace/why${query}`)) as {
    readonly explanations: readonly Explanation[]
  }
  const { explanations } = answer
  if (values.json) terminal.out(JSON.stringify(answer, null, 2))
  else if (explanations.length === 0) terminal.out(noMappings)
  else for (const line of textOf(explanations)) terminal.out(printable(line))
  return exitCode.ok
}

const noMappings = 'No mappings: make one with `millrace mappings create`, or name it in the config file.'

/** One mapping needs no headline: who asked for it knows it. */
function textOf(explanations: readonly Explanation[]): readonly string[] {
  const [only] = explanations
  if (explanations.length === 1 && only !== undefined) return only.sentences
  return explanations.flatMap(({ uuid, source, functionArn, state, sentences }, index) => [
    ...(index === 0 ? [] : ['']),
    `${shortName(source)} -> ${shortName(functionArn)}  ${state}  ${uuid}`,
    ...sentences.map((sentence) => `  ${sentence}`),
  ])
}
