import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRoot } from '../workspace.js'

/** The line of `expected.txt` at which an example that runs forever is interrupted. */
export const interruption = '^C'

/** The wildcard in a line of `expected.txt`. */
const wildcard = '…'

/** An example: a numbered folder whose `index.ts` ends by itself or on Ctrl-C. */
export interface Example {
  readonly name: string
  readonly file: string
  /**
   * The lines of `expected.txt`, which the example must print in this order, possibly with others in between. `…` matches
   * any text. A line `^C` is not printed: Ctrl-C is sent when all lines before it have been printed.
   */
  readonly expected: readonly string[]
}

/** Reads the examples in order. */
export async function readExamples(): Promise<readonly Example[]> {
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

/** Whether Ctrl-C is due: it is expected, and all lines before it have been printed. */
export function isInterruptionDue(expected: readonly string[], output: string): boolean {
  const at = expected.indexOf(interruption)
  return at >= 0 && firstMissing(expected.slice(0, at), output) === undefined
}

/** Returns the first expected line that was not printed after the lines before it; `undefined` if all were printed. */
export function firstMissing(expected: readonly string[], output: string): string | undefined {
  const printed = output.split('\n')
  let from = 0
  for (const line of expected.filter((text) => text !== interruption)) {
    const shape = new RegExp(`^${line.split(wildcard).map(escapeRegExp).join('.*')}$`)
    const at = printed.findIndex((text, index) => index >= from && shape.test(text))
    if (at < 0) return line
    from = at + 1
  }
  return undefined
}

function escapeRegExp(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
}
