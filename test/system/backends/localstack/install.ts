import { readFileSync } from 'node:fs'
import { copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installDynamoDbLocal } from '../dynamodb-local.ts'
import { installed, type Installed } from '../install/installed.ts'
import { javaHome, pythonOf } from '../install/machine-tools.ts'
import { pythonPackages } from '../install/packages.ts'
import { runCommand } from '../install/run-command.ts'

const read = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8')

/** The last free release. It runs on this Python alone, and starts only with the pins of its time. */
const python = '3.13'
const packages = ['localstack-core[runtime]==4.14.*', 'boto3']

/** LocalStack with an executor for functions and with its tables, in one folder: environment, state and home. */
export async function installLocalStack(): Promise<Installed> {
  const tables = await installDynamoDbLocal()
  if (tables.kind === 'absent') return tables
  const recipe = pythonPackages({
    name: 'localstack',
    python: () => pythonOf(python),
    packages,
    constraints: read('constraints.txt'),
    after: async (folder) => {
      await addExecutor(folder)
      await addTables(folder, tables.folder)
    },
    afterRecipe: read('executor_plugin.py') + read('executor_runtime.py') + agentSource,
  })
  return installed(recipe)
}

/** Where LocalStack keeps what it would otherwise keep under `/`: two of them on one machine do not meet. */
export const localStackRoot = (folder: string): string => join(folder, 'root')
/** Its cache of plugins is in the home folder; one of its own is never stale. */
export const localStackHome = (folder: string): string => join(folder, 'home')

/** As an installed package: LocalStack finds executors by their entry point. */
async function addExecutor(folder: string): Promise<void> {
  await mkdir(localStackHome(folder), { recursive: true })
  const site = join(folder, 'lib', `python${python}`, 'site-packages')
  const module = join(site, 'millrace_executor')
  const metadata = join(site, 'millrace_executor-1.dist-info')
  await mkdir(module, { recursive: true })
  await mkdir(metadata, { recursive: true })
  await writeFile(join(module, '__init__.py'), '')
  for (const file of ['executor_plugin.py', 'executor_runtime.py']) {
    await copyFile(join(import.meta.dirname, file), join(module, file))
  }
  await writeFile(join(metadata, 'METADATA'), 'Metadata-Version: 2.1\nName: millrace-executor\nVersion: 1\n')
  await writeFile(
    join(metadata, 'entry_points.txt'),
    '[localstack.lambda.runtime_executor]\nprocess = millrace_executor.executor_plugin:ProcessExecutorPlugin\n',
  )
}

/** LocalStack starts this jar with an agent in front; what its own agent changes (the number of indexes) matters to no test. */
const agentSource = `public class Agent {
  public static void premain(String arguments, java.lang.instrument.Instrumentation instrumentation) {}
}
`

/** DynamoDB Local and Java, where LocalStack looks before it downloads them. */
async function addTables(folder: string, tables: string): Promise<void> {
  const libraries = join(localStackRoot(folder), 'var/lib/localstack/lib')
  const target = join(libraries, 'dynamodb-local', '2')
  await cp(join(tables, 'jars'), join(target, 'DynamoDBLocal_lib'), { recursive: true })
  const jars = (await readdir(join(tables, 'jars'))).filter((name) => name.endsWith('.jar'))
  const work = await mkdtemp(join(tmpdir(), 'millrace-agent-'))
  try {
    await writeFile(join(work, 'tables.mf'), tablesManifest(jars))
    await writeFile(join(work, 'agent.mf'), 'Premain-Class: Agent\n')
    await writeFile(join(work, 'Agent.java'), agentSource)
    await runCommand('javac', ['Agent.java'], { cwd: work })
    const agentJar = join(target, 'ddb-local-loader-0.1.jar')
    await runCommand('jar', ['cfm', agentJar, 'agent.mf', 'Agent.class'], { cwd: work })
    await runCommand('jar', ['cfm', join(target, 'DynamoDBLocal.jar'), 'tables.mf'], { cwd: work })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  await mkdir(join(libraries, 'java'), { recursive: true })
  await symlink(await javaHome(), join(libraries, 'java', '21'))
}

/** Lines of a manifest hold 72 bytes; longer ones go on after a space. */
function tablesManifest(jars: readonly string[]): string {
  const classPath = `Class-Path: ${jars.map((jar) => `DynamoDBLocal_lib/${jar}`).join(' ')}`
  const lines = classPath.match(/.{1,70}/g) ?? []
  return `Main-Class: com.amazonaws.services.dynamodbv2.local.main.ServerRunner\n${lines.join('\n ')}\n`
}
