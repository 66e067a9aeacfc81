import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { cleanEnvironment } from '../backends/backend-process.ts'
import { installed, type Installed } from '../backends/install/installed.ts'
import { anyPython } from '../backends/install/machine-tools.ts'
import { pythonPackages } from '../backends/install/packages.ts'
import { runCommand } from '../backends/install/run-command.ts'
import { CallError, clientEnvironment, type LambdaAnswer, type Tool } from './tool.ts'

/** The AWS CLI and boto3, in an environment of their own. */
export function installPythonClients(): Promise<Installed> {
  return installed(pythonPackages({ name: 'clients', python: anyPython, packages: ['awscli', 'boto3'] }))
}

/** `CreateEventSourceMapping` → `create-event-source-mapping`. */
const apart = (operation: string, by: string): string =>
  operation.replaceAll(/(?!^)[A-Z]/g, (letter) => by + letter).toLowerCase()

const cliError = /An error occurred \((\w+)\) when calling the \w+ operation[^:]*: (.*)/

export function awsCli(folder: string, endpoint: string): Tool {
  return {
    async call(operation, input) {
      const args = ['lambda', apart(operation, '-'), '--output', 'json', '--cli-input-json', JSON.stringify(input)]
      const env = { ...clientEnvironment(endpoint), PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` }
      try {
        const said = await runCommand(join(folder, 'bin', 'aws'), args, { env, secondsMax: 60 })
        return said.trim() === '' ? {} : (JSON.parse(said) as LambdaAnswer)
      } catch (error) {
        const [, name, message] = cliError.exec(String(error)) ?? []
        if (name === undefined) throw error
        throw new CallError(name, message ?? '')
      }
    },
    close: () => Promise.resolve(),
  }
}

interface Reply {
  readonly answer?: LambdaAnswer
  readonly error?: { readonly name: string; readonly message: string }
}

export function boto3(folder: string, endpoint: string): Tool {
  const child = spawn(join(folder, 'bin', 'python'), [join(import.meta.dirname, 'boto3-calls.py')], {
    env: { ...cleanEnvironment(), ...clientEnvironment(endpoint) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = once(child, 'exit')
  return {
    async call(operation, input) {
      child.stdin.write(`${JSON.stringify({ method: apart(operation, '_'), input })}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the Python process has ended')
      const { answer, error } = JSON.parse(value) as Reply
      if (error !== undefined) throw new CallError(error.name, error.message)
      return answer ?? {}
    },
    async close() {
      child.stdin.end()
      await exited
    },
  }
}
