import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { AntiphonError } from '@antiphon/core'

/** The terminal, or the files and pipes in place of it. */
export interface PasswordTerminal {
  readonly stdin: Readable & { readonly isTTY?: boolean; readonly setRawMode?: (isRaw: boolean) => unknown }
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
  /** Writes text without a line break; not to the standard output. */
  readonly prompt: (text: string) => void
}

/**
 * Reads a password, from a terminal without showing it, or else from the first line of the standard input. At a terminal,
 * a new password is to be repeated. Throws `invalid-argument` for an empty one, and `cancelled` on Ctrl-C.
 */
export async function readPassword(
  terminal: PasswordTerminal,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<string> {
  const { stdin } = terminal
  const password =
    stdin.isTTY === true ? await readHidden(terminal, 'Password: ') : await readFirstLine(stdin)
  if (password === '') throw new AntiphonError('invalid-argument', 'the password is empty')
  if (isNew && stdin.isTTY === true && (await readHidden(terminal, 'Repeat the password: ')) !== password)
    throw new AntiphonError('invalid-argument', 'the passwords are different')
  return password
}

async function readFirstLine(stdin: Readable): Promise<string> {
  const lines = createInterface({ input: stdin })
  for await (const line of lines) return line
  return ''
}

const ctrlC = '\u0003'
const ctrlD = '\u0004'
const backspaces = ['\u0008', '\u007f']

/** Reads a line of a terminal that does not show what is typed. */
async function readHidden({ stdin, prompt }: PasswordTerminal, label: string): Promise<string> {
  prompt(label)
  stdin.setRawMode?.(true)
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed: string[] = []
      const finish = (settle: () => void): void => {
        stdin.off('data', read)
        stdin.off('end', end)
        stdin.pause()
        settle()
      }
      const end = (): void => finish(() => resolve(typed.join('')))
      const read = (chunk: Buffer | string): void => {
        for (const character of chunk.toString()) {
          if (character === '\r' || character === '\n' || character === ctrlD) return end()
          if (character === ctrlC) return finish(() => reject(new AntiphonError('cancelled', 'cancelled')))
          if (backspaces.includes(character)) typed = typed.slice(0, -1)
          else typed.push(character)
        }
      }
      stdin.on('data', read)
      stdin.once('end', end)
      stdin.resume()
    })
  } finally {
    stdin.setRawMode?.(false)
    prompt('\n')
  }
}
