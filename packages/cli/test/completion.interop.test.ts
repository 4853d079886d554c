import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { antiphon } from './run-antiphon.js'

/** Returns what bash completes for words, of which the last is incomplete. */
async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await antiphon(['completion', 'bash'])
  const program = `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_antiphon; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync(foreignCommand('bash') ?? 'bash', ['-c', program])
  expect(stderr.toString()).toBe('')
  return stdout.toString().trim().split('\n')
}

describeForeign(['bash'], 'antiphon completion in bash', () => {
  it('completes commands, options and values', async () => {
    expect(await complete('antiphon', 'req')).toEqual(['request'])
    expect(await complete('antiphon', 'request', '--strict')).toEqual(['--strict-responses'])
    expect(await complete('antiphon', 'request', '--on-disconnect', 're')).toEqual(['resend'])
    expect(await complete('antiphon', 'serve', '--ec')).toEqual(['--echo'])
    expect(await complete('antiphon', 'request', '--ca', '/etc/hostn')).toEqual(['/etc/hostname'])
    expect(await complete('antiphon', 'nothing', '--hel')).toEqual(['--help'])
  })
})
