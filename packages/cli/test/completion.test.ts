import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { antiphon } from './run-antiphon.js'

/** Returns what bash completes for words, of which the last is incomplete. */
async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await antiphon(['completion', 'bash'])
  const program = `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_antiphon; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', program])
  expect(stderr.toString()).toBe('')
  return stdout.toString().trim().split('\n')
}

describe('antiphon completion', () => {
  it('completes commands, options and values in bash', async () => {
    expect(await complete('antiphon', 'req')).toEqual(['request'])
    expect(await complete('antiphon', 'request', '--strict')).toEqual(['--strict-responses'])
    expect(await complete('antiphon', 'request', '--on-disconnect', 're')).toEqual(['resend'])
    expect(await complete('antiphon', 'serve', '--ec')).toEqual(['--echo'])
    expect(await complete('antiphon', 'request', '--ca', '/etc/hostn')).toEqual(['/etc/hostname'])
    expect(await complete('antiphon', 'nothing', '--hel')).toEqual(['--help'])
  })

  it('uses the script of bash in zsh', async () => {
    const { stdout } = await antiphon(['completion', 'zsh'])
    expect(stdout).toContain('bashcompinit')
    expect(stdout).toContain((await antiphon(['completion', 'bash'])).stdout)
  })

  it('completes commands and options in fish', async () => {
    const { stdout } = await antiphon(['completion', 'fish'])
    expect(stdout).toContain('complete -c antiphon -n __fish_use_subcommand -f -a request\n')
    expect(stdout).toMatch(
      /^complete -c antiphon -n '__fish_seen_subcommand_from request' -l on-disconnect -d '.*' -x -a 'keep fail resend'$/m,
    )
  })

  it('names the shells that it knows', async () => {
    expect(await antiphon(['completion', 'csh'])).toMatchObject({ code: 2 })
  })
})
