import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRoot } from '../workspace.js'

/** What a line of `expected.txt` says where the story goes on until somebody ends it. */
export const interruption = '^C'

/** What stands for anything in a line of `expected.txt`. */
const anything = '…'

/** An example: a numbered folder whose `index.ts` tells its whole story and ends, by itself or at Ctrl-C. */
export interface Story {
  readonly name: string
  readonly file: string
  /**
   * Lines that it must print, in this order, with others in between: its `expected.txt`, in which `…` stands for
   * anything. A line `^C` is pressed, and not printed, when all before it are there.
   */
  readonly expected: readonly string[]
}

/** The examples in their order. */
export async function stories(): Promise<readonly Story[]> {
  const names = (await readdir(inRoot('examples'))).filter((name) => /^\d\d-/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const folder = inRoot('examples', name)
      const lines = join(folder, 'expected.txt')
      const text = existsSync(lines) ? await readFile(lines, 'utf8') : ''
      return {
        name,
        file: join(folder, 'index.ts'),
        expected: text.split('\n').filter((line) => line !== ''),
      }
    }),
  )
}

/** Whether it is time for Ctrl-C: it is expected, and everything before it is printed. */
export function isInterruptionDue(expected: readonly string[], output: string): boolean {
  const at = expected.indexOf(interruption)
  return at >= 0 && firstMissing(expected.slice(0, at), output) === undefined
}

/** The first expected line that is not printed behind those before it; `undefined` where all are. */
export function firstMissing(expected: readonly string[], output: string): string | undefined {
  const printed = output.split('\n')
  let from = 0
  for (const line of expected.filter((each) => each !== interruption)) {
    const shape = new RegExp(`^${line.split(anything).map(escaped).join('.*')}$`)
    const at = printed.findIndex((each, index) => index >= from && shape.test(each))
    if (at < 0) return line
    from = at + 1
  }
  return undefined
}

function escaped(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}
