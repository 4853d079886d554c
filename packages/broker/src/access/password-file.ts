import { readLines } from './line-fault.js'
import type { FileContents } from './line-fault.js'
import { formatHash, parseHash } from './password-hash.js'
import type { PasswordHash } from './password-hash.js'

/** The hashed passwords of users. */
export type Passwords = ReadonlyMap<string, PasswordHash>

/** Parses a password file: one `<user>:<hash>` a line, as `antiphon-broker passwd` writes it. */
export function parsePasswords(text: string): FileContents<Passwords> {
  const lines = new Map<string, number>()
  const passwords = new Map<string, PasswordHash>()
  const faults = readLines(text, (line, number) => {
    const name = nameOf(line)
    if (name === undefined)
      return 'the line has no user: it must be <user>:<hash>; use antiphon-broker passwd'
    const earlier = lines.get(name)
    if (earlier !== undefined)
      return `the user '${name}' is already on line ${earlier}: remove one of the lines`
    const hash = parseHash(line.slice(name.length + 1))
    // The text is not shown: it may be a password.
    if (hash === undefined)
      return `the hash of the user '${name}' is not valid: it must be $scrypt$ln=…,r=…,p=…$<salt>$<key>; use antiphon-broker passwd`
    lines.set(name, number)
    passwords.set(name, hash)
    return undefined
  })
  return { value: passwords, faults }
}

/** Returns the text of a password file with the password of a user added or replaced; other lines stay. */
export function withPassword(text: string, user: string, hash: PasswordHash): string {
  const line = `${user}:${formatHash(hash)}`
  const lines = linesOf(text)
  const isKnown = lines.some((candidate) => nameOf(candidate) === user)
  const others = lines.map((candidate) => (nameOf(candidate) === user ? line : candidate))
  return toText(isKnown ? others : [...lines, line])
}

/** Returns the text of a password file without a user; `undefined` if the user is not in it. */
export function withoutUser(text: string, user: string): string | undefined {
  const lines = linesOf(text)
  const remaining = lines.filter((line) => nameOf(line) !== user)
  return remaining.length === lines.length ? undefined : toText(remaining)
}

/** Returns what is wrong with the name of a user. */
export function userNameFault(name: string): string | undefined {
  if (name === '') return 'the name of the user is empty'
  if (name.startsWith('#')) return `the name of the user is '${name}': it must not begin with #`
  // eslint-disable-next-line no-control-regex -- a line break would add a line to the file
  if (/[:\u0000-\u001f\u007f]/.test(name))
    return 'the name of the user must not contain a colon or control character'
  return undefined
}

function nameOf(line: string): string | undefined {
  const colon = line.indexOf(':')
  return colon < 1 || line.startsWith('#') ? undefined : line.slice(0, colon)
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}
