import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { parseArgs } from 'node:util'
import { AntiphonError } from '@antiphon/core'
import { parsePasswords, userNameFault, withPassword, withoutUser } from '../access/password-file.js'
import { defaultCost, hashPassword, verifyPassword } from '../access/password-hash.js'
import { readPassword } from './read-password.js'
import type { PasswordTerminal } from './read-password.js'

/** The text that `passwd --help` prints. */
const help = `antiphon-broker passwd: the users of a password file

Usage: antiphon-broker passwd <file> <user>            adds the user, or changes the password
       antiphon-broker passwd --verify <file> <user>   says whether the password is right
       antiphon-broker passwd --delete <file> <user>   removes the user

Options
  --cost <n>   how expensive the hash is, from 10 to 20: each step doubles memory and time (default: 14, 16 MiB)

The password is read from the terminal, or from the first line of the standard input. The file is created with mode 0600
and replaced at once. Send SIGHUP to a running broker, which then reads the file again.`

/** Runs `antiphon-broker passwd`; returns the exit code. Throws `invalid-argument`. */
export async function runPasswd(args: readonly string[], host: PasswordTerminal): Promise<number> {
  const { values, positionals } = parse(args)
  if (values.help === true) {
    host.print(help)
    return 0
  }
  const [file, user, ...others] = positionals
  if (file === undefined || user === undefined || others.length > 0)
    throw invalid('passwd needs <file> and <user>, and nothing else')
  const fault = userNameFault(user)
  if (fault !== undefined) throw invalid(fault)
  if (values.delete === true) return remove(file, user, host)
  if (values.verify === true) return verify(file, user, host)
  const cost = { ...defaultCost, ...(values.cost === undefined ? {} : { log2Cost: toCost(values.cost) }) }
  const text = existsSync(file) ? readValid(file) : ''
  const password = await readPassword(host, { isNew: true })
  replaceFile(file, withPassword(text, user, await hashPassword(password, cost)))
  host.print(`the password of ${user} is set`)
  return 0
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean' } as const
  const options = {
    delete: flag,
    verify: flag,
    cost: { type: 'string' },
    help: { ...flag, short: 'h' },
  } as const
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw invalid(AntiphonError.from(error).rawMessage.split('. ', 1)[0] as string)
  }
}

function toCost(text: string): number {
  const cost = Number(text)
  if (Number.isInteger(cost) && cost >= 10 && cost <= 20) return cost
  throw invalid(`--cost is '${text}': it must be a whole number from 10 to 20`)
}

function remove(file: string, user: string, { print }: PasswordTerminal): number {
  const text = withoutUser(readValid(file), user)
  if (text === undefined) throw unknownUser(file, user)
  replaceFile(file, text)
  print(`${user} is removed`)
  return 0
}

async function verify(file: string, user: string, host: PasswordTerminal): Promise<number> {
  const hash = parsePasswords(readValid(file)).value.get(user)
  if (hash === undefined) throw unknownUser(file, user)
  const isRight = await verifyPassword(await readPassword(host), hash)
  host.print(isRight ? 'the password is right' : 'the password is wrong')
  return isRight ? 0 : 1
}

/** Reads a password file; throws if a line has a fault, since the broker would refuse the file. */
function readValid(file: string): string {
  const text = readFileSync(file, 'utf8')
  const { faults } = parsePasswords(text)
  if (faults.length > 0) {
    const lines = faults.map((fault) => `${file}:${fault.line}: ${fault.text}`)
    throw new AntiphonError('invalid-argument', lines.join('\n'))
  }
  return text
}

/** Replaces a file at once: a broker that reads it meanwhile reads the old or the new one. */
function replaceFile(file: string, text: string): void {
  const target = existsSync(file) ? realpathSync(file) : file
  const temporary = `${target}.${process.pid}.new`
  try {
    const handle = openSync(temporary, 'wx', 0o600)
    try {
      writeFileSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function unknownUser(file: string, user: string): AntiphonError {
  return new AntiphonError('invalid-argument', `${file} has no user '${user}'`)
}

function invalid(fault: string): AntiphonError {
  return new AntiphonError('invalid-argument', `${fault}; see antiphon-broker passwd --help`)
}
