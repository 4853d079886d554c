import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { inRoot } from '../../check/workspace.js'

interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(program: string, ...args: readonly string[]): Promise<CommandResult> {
  const file = inRoot('packages', 'workshop', program)
  const loader = program.endsWith('.ts') ? ['--import', 'tsx'] : []
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...loader, file, ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    )
  })
}

const asHelp = expect.stringMatching(
  /^\w+ [\w:-]+: .+\n\nUsage: .+\n[^]*\nOptions\n[^]* {2}-h, --help {2,}prints this help\n$/,
) as string

describe('the command lines of the workshop', () => {
  // Some programs load many modules before they parse their arguments, so each is started only twice.
  it.each([
    'bin/start.mjs',
    'bin/test.mjs',
    'bin/bare-machine.mjs',
    'check/main.ts',
    'check/nightly.ts',
    'check/flakes/main.ts',
    'check/api/main.ts',
    'check/docs/main.ts',
  ])('%s prints its help and rejects an unknown option', async (program) => {
    const [helped, rejected] = await Promise.all([run(program, '--help'), run(program, '--unknown')])
    expect(helped).toEqual({ code: 0, stdout: asHelp, stderr: '' })
    const stderr = "Unknown option '--unknown'; see --help\n"
    expect(rejected).toEqual({ code: 1, stdout: '', stderr })
  })

  it('accept -h for --help', async () => {
    expect(await run('bin/start.mjs', '-h')).toEqual({ code: 0, stdout: asHelp, stderr: '' })
  })
})
