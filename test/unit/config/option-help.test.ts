import { describe, expect, it } from 'vitest'
import { optionEntries } from '../../../src/config/flags.ts'
import { describeOptions } from '../../../src/config/option-help.ts'

describe('the help text', () => {
  it('names flag, variable, key, range and default of every option of the command', () => {
    const text = describeOptions('start')
    for (const [, option] of optionEntries) {
      expect(text).toContain(`  ${option.flag ?? option.env}`)
      expect(text.replaceAll(/\s+/g, ' ')).toContain(option.doc)
      expect(text).toContain(option.env)
    }
    expect(text).toContain(
      [
        '  --port N',
        '      Port of the Lambda API, the operations API and the metrics; 0 takes a free one.',
        '      [MILLRACE_PORT, server.port; 0 to 65535; default 4570]',
      ].join('\n'),
    )
    expect(text).toContain('\n  --prune, --no-prune\n')
    expect(text).toContain('\n  --adopt[=off|on|undo]\n')
    expect(text).toContain('\n  --scaling eager|aws|aws-2022\n')
  })

  it('leaves out what the command does not take', () => {
    expect(describeOptions('dev')).toContain('--port')
    expect(describeOptions('dev')).not.toContain('--config')
  })

  it('fits a terminal', () => {
    for (const line of describeOptions('start').split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })
})

it('no two options share a key, a flag or a variable', () => {
  for (const part of ['key', 'flag', 'env'] as const) {
    const all = optionEntries.flatMap(([, option]) => option[part] ?? [])
    expect(new Set(all).size).toBe(all.length)
  }
})
