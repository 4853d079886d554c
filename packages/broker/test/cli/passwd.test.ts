import { mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { formatHash, hashPassword } from '../../src/access/password-hash.js'
import { cheap } from '../access/cheap-cost.js'
import { testCommand } from './command-host.js'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-passwd-'))
  file = join(folder, 'passwords')
})
afterEach(() => rm(folder, { recursive: true }))

const cheapLine = async (user: string, password: string): Promise<string> =>
  `${user}:${formatHash(await hashPassword(password, cheap))}\n`

/** Runs passwd with text on the standard input; returns the exit code and all lines. */
async function passwd(input: string, ...args: readonly string[]): Promise<[number, ...string[]]> {
  const command = testCommand()
  command.stdin.end(input)
  return [await command.run('passwd', ...args), ...command.printed, ...command.errors]
}

describe('antiphon-broker passwd', () => {
  it('adds, verifies, changes and removes users of a file that only its owner can read', async () => {
    expect(await passwd('secret\n', file, 'me')).toEqual([0, 'the password of me is set'])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readFile(file, 'utf8')).not.toContain('secret')
    expect(await passwd('secret', '--verify', file, 'me')).toEqual([0, 'the password is right'])
    expect(await passwd('other\n', '--verify', file, 'me')).toEqual([1, 'the password is wrong'])
    expect(await passwd('other\nmore\n', '--cost', '10', file, 'me')).toEqual([
      0,
      'the password of me is set',
    ])
    expect(await readFile(file, 'utf8')).toContain('ln=10,r=8,p=1')
    expect(await passwd('other\n', '--verify', file, 'me')).toEqual([0, 'the password is right'])
    expect(await passwd('', '--delete', file, 'me')).toEqual([0, 'me is removed'])
    expect(await readFile(file, 'utf8')).toBe('')
    expect(await readdir(folder)).toEqual(['passwords'])
  })

  it('replaces the target of a symbolic link, not the link', async () => {
    await writeFile(file, await cheapLine('me', 'secret'))
    await symlink(file, join(folder, 'link'))
    await passwd('', '--delete', join(folder, 'link'), 'me')
    expect(await readFile(file, 'utf8')).toBe('')
  })

  it('reads a new password twice at a terminal, without showing it', async () => {
    const modes: boolean[] = []
    const command = testCommand(modes)
    const done = command.run('passwd', file, 'me')
    await new Promise(setImmediate)
    command.stdin.write('secrex\u007ft\r')
    await new Promise(setImmediate)
    command.stdin.write('secret\r')
    expect(await done).toBe(0)
    expect(command.prompts).toEqual(['Password: ', '\n', 'Repeat the password: ', '\n'])
    expect(modes).toEqual([true, false, true, false])
    expect(await passwd('secret\n', '--verify', file, 'me')).toEqual([0, 'the password is right'])
  })

  it.each([
    ['different passwords', ['one\n', 'two\n'], 'the passwords are different'],
    ['Ctrl-C', ['secret\u0003'], 'cancelled'],
    ['Ctrl-D at once', ['\u0004'], 'the password is empty'],
  ])('changes nothing after %s at a terminal', async (_, inputs, fault) => {
    const command = testCommand([])
    const done = command.run('passwd', file, 'me')
    for (const input of inputs) {
      await new Promise(setImmediate)
      command.stdin.write(input)
    }
    expect([await done, command.errors]).toEqual([1, [`antiphon-broker: ${fault}`]])
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses a user or password that cannot be, and arguments that it does not know', async () => {
    const see = '; see antiphon-broker passwd --help'
    expect(await passwd('\n', file, 'me')).toEqual([1, 'antiphon-broker: the password is empty'])
    expect(await passwd('', file, 'me')).toEqual([1, 'antiphon-broker: the password is empty'])
    expect(await passwd('x', file, 'a:b')).toEqual([
      1,
      `antiphon-broker: the name of the user must not contain a colon or control character${see}`,
    ])
    for (const args of [[], [file], [file, 'me', 'secret']])
      expect(await passwd('x', ...args)).toEqual([
        1,
        `antiphon-broker: passwd needs <file> and <user>, and nothing else${see}`,
      ])
    expect(await passwd('x', '--remove', file, 'me')).toEqual([
      1,
      `antiphon-broker: Unknown option '--remove'${see}`,
    ])
    expect(await passwd('x', '--cost', '9', file, 'me')).toEqual([
      1,
      `antiphon-broker: --cost is '9': it must be a whole number from 10 to 20${see}`,
    ])
    const [code, help] = await passwd('', '--help')
    expect([code, help]).toEqual([
      0,
      expect.stringContaining('antiphon-broker passwd: the users of a password file'),
    ])
  })

  it('changes no file that has a fault, or that lacks the user', async () => {
    await writeFile(file, 'nonsense\n')
    for (const args of [
      [file, 'me'],
      ['--delete', file, 'me'],
      ['--verify', file, 'me'],
    ])
      expect(await passwd('x', ...args)).toEqual([
        1,
        `antiphon-broker: ${file}:1: the line has no user: it must be <user>:<hash>; use antiphon-broker passwd`,
      ])
    await writeFile(file, await cheapLine('me', 'secret'))
    for (const option of ['--delete', '--verify'])
      expect(await passwd('x', option, file, 'you')).toEqual([
        1,
        `antiphon-broker: ${file} has no user 'you'`,
      ])
    const absent = join(folder, 'absent', 'passwords')
    expect((await passwd('x', absent, 'me'))[1]).toContain('ENOENT')
  })
})
