import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a child process can be asked. Each command takes one argument and answers with plain data. */
export type Commands = Record<string, (argument: never) => unknown>

export interface Child<C extends Commands> {
  readonly pid: number
  call<Name extends keyof C & string>(
    name: Name,
    argument: Parameters<C[Name]>[0],
  ): Promise<Awaited<ReturnType<C[Name]>>>
  stop(): Promise<void>
}

interface Question {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** Starts a file of this folder as a process of its own, so that what it burns can be told apart. */
export async function startChild<C extends Commands>(
  file: string,
  execArgv: readonly string[] = [],
): Promise<Child<C>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: [...execArgv],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let ids = 0
  child.on('message', (message) => {
    const { id, result, error } = message as Answer
    const question = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) question?.resolve(result)
    else question?.reject(new Error(`${file}: ${error}`))
  })
  child.on('exit', (code, signal) => {
    for (const question of waiting.values()) question.reject(new Error(`${file} ended: ${signal ?? code}`))
    waiting.clear()
  })
  await once(child, 'spawn')
  const call = (name: string, argument: unknown): Promise<unknown> => {
    ids += 1
    const question = Promise.withResolvers<unknown>()
    waiting.set(ids, question)
    child.send({ id: ids, name, argument } satisfies Question)
    return question.promise
  }
  return {
    pid: child.pid ?? 0,
    call: (name, argument) => call(name, argument) as never,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** The child's side: answers each question in its turn. */
export function serveCommands(commands: Commands): void {
  process.on('message', (message) => {
    void answer(commands, message as Question).then((reply) => process.send?.(reply))
  })
  process.on('SIGTERM', () => process.exit(0))
  process.on('disconnect', () => process.exit(0))
}

async function answer(commands: Commands, { id, name, argument }: Question): Promise<Answer> {
  try {
    const command = commands[name]
    if (command === undefined) throw new Error(`no command ${name}`)
    return { id, result: await command(argument as never) }
  } catch (error) {
    return { id, error: String(error) }
  }
}
