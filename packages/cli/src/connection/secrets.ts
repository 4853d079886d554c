import { exec } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { usageError } from '../usage-error.js'

/** Reads a file that an option names. */
export async function readNamedFile(option: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw usageError(`cannot read ${option} ${file}: ${reasonOf(error)}`)
  }
}

/** Reads the secret in a file, without the line feed at its end. */
export async function readSecretFile(option: string, file: string): Promise<string> {
  return withoutLineEnd(new TextDecoder().decode(await readNamedFile(option, file)))
}

/** Runs a command and returns the secret that it prints. The error shows neither its output nor the command. */
export async function runSecretCommand(option: string, command: string): Promise<string> {
  try {
    const { stdout } = await promisify(exec)(command, { timeout: 30_000, maxBuffer: 65_536 })
    return withoutLineEnd(stdout)
  } catch (error) {
    const { code, killed } = error as { readonly code?: number | string; readonly killed?: boolean }
    throw usageError(`${option} failed: ${killed === true ? 'it took 30 s' : `it exited with ${code}`}`)
  }
}

/** Throws if a URL on the command line has a password: every user of the machine sees it in the process list. */
export function requireNoPassword(option: string, variable: string, url: string): void {
  if (/:\/\/[^/@]*:[^/]*@/.test(url))
    throw usageError(
      `${option} has a password, which other users see in the process list: put the URL into ${variable}`,
    )
}

/** Throws if a header on the command line is a secret, for the same reason. */
export function requireNoSecretHeader(name: string, value: string): void {
  if (/^((proxy-)?authorization|cookie)$/i.test(name) && !value.startsWith('@'))
    throw usageError(
      `--header ${name} has a secret, which other users see in the process list: set --header ${name}=@<file>`,
    )
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'you may not read it' : message
}
