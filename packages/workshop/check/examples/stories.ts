import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inRoot } from '../workspace.js'

/** An example: a numbered folder whose `index.ts` tells its whole story and ends by itself. */
export interface Story {
  readonly name: string
  readonly file: string
  /** Lines that it must print, in this order, with others in between: its `expected.txt`. */
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

/** The first expected line that is not printed behind those before it; `undefined` where all are. */
export function firstMissing(expected: readonly string[], output: string): string | undefined {
  const printed = output.split('\n')
  let from = 0
  for (const line of expected) {
    const at = printed.indexOf(line, from)
    if (at < 0) return line
    from = at + 1
  }
  return undefined
}
