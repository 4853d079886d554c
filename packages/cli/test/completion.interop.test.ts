import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
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

/** A folder with a file for the script of the shell, which is also its home. */
let folder: string
const makeFolder = (): void => void (folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-')))
const removeFolder = (): void => rmSync(folder, { recursive: true })

/** Writes the script of a shell, and returns its file. */
async function scriptFor(shell: string): Promise<string> {
  const file = join(folder, `completion.${shell}`)
  writeFileSync(file, (await antiphon(['completion', shell])).stdout)
  return file
}

describeForeign(['fish'], 'antiphon completion in fish', () => {
  beforeAll(makeFolder)
  afterAll(removeFolder)

  it.each([
    ['antiphon req', ['request']],
    ['antiphon co', ['completion', 'context', 'contract']],
    ['antiphon request --strict', ['--strict-responses']],
    ['antiphon request --on-disconnect re', ['resend']],
    ['antiphon serve --ec', ['--echo']],
    ['antiphon request --ca /etc/hostn', ['/etc/hostname']],
  ])('completes %s', async (line, expected) => {
    const script = `source '${await scriptFor('fish')}'; complete -C '${line}'`
    const { stdout, stderr } = spawnSync(foreignCommand('fish') ?? 'fish', ['--no-config', '-c', script], {
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder },
    })
    expect(stderr.toString()).toBe('')
    // fish prints a description after a tabulator.
    const words = stdout
      .toString()
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0])
    expect(words.sort()).toEqual(expected)
  })
})

/** Types into zsh at a pseudo-terminal, and prints the line that the tabulator has completed. */
const zshProgram = (script: string, line: string): string => `
zmodload zsh/zpty
zpty -b shell "$ZSH -f -i"
zpty -w shell "PS1=; RPS1=; unset zle_bracketed_paste; source '${script}'; print re''ady"
zpty -r -m shell seen '*ready*'
# The line is printed, not run.
zpty -w shell 'show-line() { print -r -- "<\${BUFFER}>" }; zle -N show-line; bindkey "^X" show-line; print bo''und'
zpty -r -m shell seen '*bound*'
zpty -w -n shell '${line}'$'\\t\\C-x'
# The terminal may echo the line above late, which has <\${BUFFER}>.
zpty -r -m shell seen '*<antiphon*>*'
print -r -- "$seen"
zpty -d shell
`

describeForeign(['zsh'], 'antiphon completion in zsh', () => {
  beforeAll(makeFolder)
  afterAll(removeFolder)

  it.each([
    ['antiphon req', 'antiphon request '],
    ['antiphon request --strict', 'antiphon request --strict-responses '],
    ['antiphon request --on-disconnect re', 'antiphon request --on-disconnect resend '],
    ['antiphon serve --ec', 'antiphon serve --echo '],
    ['antiphon request --ca /etc/hostn', 'antiphon request --ca /etc/hostname '],
  ])('completes %s', async (line, expected) => {
    const zsh = foreignCommand('zsh') ?? 'zsh'
    const program = zshProgram(await scriptFor('zsh'), line)
    const { stdout } = spawnSync(zsh, ['-f', '-c', program], {
      env: { ...process.env, HOME: folder, TERM: 'dumb', ZSH: zsh },
      timeout: 60_000,
    })
    expect(/<(antiphon.*)>/.exec(stdout.toString())?.[1]).toBe(expected)
  })
})
