import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installed, type Installed } from '../../system/backends/install/installed.ts'
import { mavenArtifact } from '../../system/backends/install/packages.ts'
import { runCommand, tryCommand } from '../../system/backends/install/run-command.ts'
import type { Pair } from './pairs.ts'

/** The matcher that AWS has published; `refused`: it does not compile the pattern. */
export type Verdict = 'matches' | 'fails' | 'refused'

/** Each way through `$or` has a machine of its own: in one, the library loses a way that is part of another. */
const program = `import java.nio.file.*;
import java.util.*;
import com.fasterxml.jackson.core.JsonParseException;
import software.amazon.event.ruler.*;

class Match {
  public static void main(String[] arguments) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(arguments[0]));
    StringBuilder verdicts = new StringBuilder();
    for (int at = 0; at < lines.size(); at += 2) verdicts.append(verdict(lines.get(at), lines.get(at + 1)));
    System.out.println(verdicts);
  }

  static char verdict(String pattern, String event) throws Exception {
    List<Machine> machines = new ArrayList<>();
    try {
      for (Map<String, List<Patterns>> way : waysOf(pattern)) {
        Machine machine = new Machine();
        machine.addPatternRule("way", way);
        machines.add(machine);
      }
    } catch (Exception refused) {
      return 'r';
    }
    for (Machine machine : machines) if (!machine.rulesForJSONEvent(event).isEmpty()) return 'm';
    return 'f';
  }

  static List<Map<String, List<Patterns>>> waysOf(String pattern) throws Exception {
    try {
      return JsonRuleCompiler.compile(pattern, true);
    } catch (JsonParseException notAnOr) {
      return List.of(RuleCompiler.compile(pattern, true));
    }
  }
}
`

/** Nothing is installed for this on the machine itself: where Java or Maven is missing, the library is absent. */
export async function findLibrary(): Promise<Installed> {
  const modules = await tryCommand('java', ['--list-modules'])
  if (modules?.includes('jdk.compiler') !== true)
    return { kind: 'absent', reason: 'no Java with its compiler (17 or newer)' }
  if ((await tryCommand('mvn', ['--version'])) === undefined) return { kind: 'absent', reason: 'no Maven' }
  const artifact = { group: 'software.amazon.event.ruler', artifact: 'event-ruler', version: '2.0.1' }
  return installed(mavenArtifact('event-ruler', artifact, { 'Match.java': program }))
}

export async function libraryVerdicts(folder: string, pairs: readonly Pair[]): Promise<readonly Verdict[]> {
  const file = join(tmpdir(), `millrace-pairs-${process.pid}.txt`)
  await writeFile(file, pairs.flatMap(({ pattern, event }) => [pattern, event]).join('\n'))
  try {
    const printed = await runCommand('java', ['-cp', 'jars/*', 'Match.java', file], { cwd: folder, secondsMax: 300 })
    return Array.from(printed.trim(), (letter) => {
      if (letter === 'r') return 'refused'
      return letter === 'm' ? 'matches' : 'fails'
    })
  } finally {
    await rm(file)
  }
}
