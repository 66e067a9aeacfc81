import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { needMaven } from './machine-tools.ts'
import { runCommand } from './run-command.ts'
import type { Recipe } from './installed.ts'

/** A virtual environment with packages from the Python registry. Each backend has its own: they pin what others need newer. */
export interface PythonRecipe {
  readonly name: string
  readonly python: () => Promise<string>
  readonly packages: readonly string[]
  /** Pins, one a line as pip reads them. */
  readonly constraints?: string
  readonly after?: (folder: string) => Promise<void>
  /** What `after` depends on, beside the packages. */
  readonly afterRecipe?: string
}

export function pythonPackages(recipe: PythonRecipe): Recipe {
  const { name, packages, constraints = '' } = recipe
  return {
    name,
    recipe: [...packages, constraints, recipe.afterRecipe ?? ''].join('\n'),
    async install(folder) {
      await runCommand(await recipe.python(), ['-m', 'venv', folder])
      const pins = join(folder, 'constraints.txt')
      await writeFile(pins, constraints)
      await runCommand(
        join(folder, 'bin', 'python'),
        ['-m', 'pip', 'install', '--quiet', '--constraint', pins, ...packages],
        { secondsMax: 900 },
      )
      await recipe.after?.(folder)
    },
  }
}

export interface MavenArtifact {
  readonly group: string
  readonly artifact: string
  readonly version: string
}

/** An artifact with all it depends on, in the folder `jars`. */
export function mavenArtifact(
  name: string,
  { group, artifact, version }: MavenArtifact,
  files: Readonly<Record<string, string>> = {},
): Recipe {
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>${name}</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`
  return {
    name,
    recipe: pom + JSON.stringify(files),
    async install(folder) {
      await needMaven()
      for (const [file, text] of Object.entries({ ...files, 'pom.xml': pom })) await writeFile(join(folder, file), text)
      await runCommand('mvn', ['-B', '-q', 'dependency:copy-dependencies', '-DoutputDirectory=jars'], { cwd: folder })
    },
  }
}

/** Packages of npm's registry that are no dependencies of this project. */
export function npmPackages(name: string, packages: readonly string[]): Recipe {
  return {
    name,
    recipe: packages.join('\n'),
    async install(folder) {
      await writeFile(join(folder, 'package.json'), JSON.stringify({ name: `millrace-${name}`, private: true }))
      await runCommand('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: folder })
    },
  }
}
