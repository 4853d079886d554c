import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { inRoot } from '../../check/workspace.js'

interface Ending {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(program: string, ...args: readonly string[]): Promise<Ending> {
  const file = inRoot('packages', 'workshop', program)
  const loader = program.endsWith('.ts') ? ['--import', 'tsx'] : []
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...loader, file, ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    )
  })
}

const asHelp = expect.stringMatching(
  /^\w+ [\w:]+: .+\n\nUsage: .+\n[^]*\nOptions\n[^]* {2}-h, --help {2,}prints this help\n$/,
) as string

describe('a command line of the workshop', () => {
  // Some load much before they read their arguments, so each is started twice only.
  it.each(['bin/start.mjs', 'bin/test.mjs', 'check/main.ts', 'check/api/main.ts', 'check/docs/main.ts'])(
    'of %s prints its help, refuses an unknown option, and does nothing else',
    async (program) => {
      const [helped, refused] = await Promise.all([run(program, '--help'), run(program, '--surprise')])
      expect(helped).toEqual({ code: 0, stdout: asHelp, stderr: '' })
      const stderr = "Unknown option '--surprise'; see --help\n"
      expect(refused).toEqual({ code: 1, stdout: '', stderr })
    },
    60_000,
  )

  it('knows -h for --help', async () => {
    expect(await run('bin/start.mjs', '-h')).toEqual({ code: 0, stdout: asHelp, stderr: '' })
  }, 60_000)
})
