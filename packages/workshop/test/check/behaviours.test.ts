import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inRoot } from '../../check/workspace.js'

const page = readFileSync(inRoot('docs/behaviours.md'), 'utf8')

/** The numbers of the first and last behaviour in each section of the page. */
const numbered = [
  [1, 26],
  [1, 10],
  [11, 23],
  [1, 22],
] as const

interface Row {
  readonly number: number
  readonly tests: readonly (readonly [file: string, title: string])[]
}

/** Reads the rows of each table: `| 1 | behaviour | package/file: title <br> … |`. */
const sections: readonly (readonly Row[])[] = page
  .split(/^## /m)
  .slice(1)
  .map((section) =>
    [...section.matchAll(/^\| (\d+) +\|.*\|(.*)\|$/gm)].map(([, number, cell = '']) => ({
      number: Number(number),
      tests: cell.split('<br>').map((reference): readonly [string, string] => {
        const [, file = '', title = ''] = /^\s*`([^`]+)`: (.*?)\s*$/.exec(reference) ?? []
        // Vue would take `<name>` for an element.
        return [file, title.replaceAll('&lt;', '<').replaceAll('&gt;', '>')]
      }),
    })),
  )
  .filter((rows) => rows.length > 0)

/** Returns the path of a test file that is written as `package/file`. */
function pathOf(file: string): string {
  const slash = file.indexOf('/')
  return inRoot('packages', file.slice(0, slash), 'test', `${file.slice(slash + 1)}.test.ts`)
}

describe('docs/behaviours.md', () => {
  it('lists all 71 behaviours of the three scenarios, in order', () => {
    expect(sections.map((rows) => rows.map(({ number }) => number))).toEqual(
      numbered.map(([first, last]) => Array.from({ length: last - first + 1 }, (_, row) => row + first)),
    )
  })

  it('names a test for each behaviour that exists under this title', () => {
    const missing = sections.flatMap((rows) =>
      rows.flatMap(({ number, tests }) =>
        tests
          .filter(([file, title]) => {
            if (title === '' || !existsSync(pathOf(file))) return true
            const source = readFileSync(pathOf(file), 'utf8')
            return !["'", '`'].some((quote) => source.includes(`${quote}${title}${quote}`))
          })
          .map(([file, title]) => `${number}: ${file}: ${title}`),
      ),
    )
    expect(missing).toEqual([])
  })
})
