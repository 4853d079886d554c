import { describe, expect, it } from 'vitest'
import { antiphon } from './run-antiphon.js'

describe('antiphon completion', () => {
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
