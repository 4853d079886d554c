import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { firstMissing, isInterruptionDue, readExamples } from '../../check/examples/read-examples.js'
import { inRoot } from '../../check/workspace.js'

const examples = await readExamples()

describe('the expected output of an example', () => {
  const printed = 'ready\nfirst\nin between\nsecond\n'

  it('matches lines in order, with other lines in between', () => {
    expect(firstMissing(['first', 'second'], printed)).toBeUndefined()
    expect(firstMissing([], printed)).toBeUndefined()
  })

  it('matches any text for …, and all other characters literally', () => {
    expect(firstMissing(['Sent (…): a', 'b…'], 'Sent (1-2): a\nb.c\n')).toBeUndefined()
    expect(firstMissing(['b.c'], 'b!c\n')).toBe('b.c')
    expect(firstMissing(['…b'], 'ab!\n')).toBe('…b')
  })

  it('reports a line that is missing, too early or too rare', () => {
    expect(firstMissing(['first', 'third'], printed)).toBe('third')
    expect(firstMissing(['second', 'first'], printed)).toBe('first')
    expect(firstMissing(['first', 'first'], printed)).toBe('first')
  })

  it('interrupts the example at ^C, after all lines before it', () => {
    const expected = ['ready', 'first', '^C', 'closed']
    expect(isInterruptionDue(expected, 'ready\n')).toBe(false)
    expect(isInterruptionDue(expected, printed)).toBe(true)
    expect(isInterruptionDue(['first', 'second'], printed)).toBe(false)
    expect(firstMissing(expected, printed)).toBe('closed')
    expect(firstMissing(expected, `${printed}closed\n`)).toBeUndefined()
  })
})

describe('the pages of the examples', () => {
  it.each(examples)(
    'has title, command, picture, guide page and existing links in the README of $name',
    ({ name }) => {
      const folder = inRoot('examples', name)
      const page = readFileSync(join(folder, 'README.md'), 'utf8')
      const number = name.slice(0, 2)
      expect(page).toMatch(new RegExp(`^# ${number} \\S`))
      expect(page).toContain(`\`\`\`sh\nnpm start ${number}\n\`\`\``)
      const [, alternative = '', picture = ''] = /!\[([^\]]+)\]\(([^)]+)\)/.exec(page) ?? []
      expect(alternative.length).toBeGreaterThan(20)
      expect(statSync(join(folder, picture)).size).toBeLessThan(60_000)
      expect(page).toMatch(/^Guide: \[[^\]]+\]\(\.\.\/\.\.\/docs\/guide\//m)
      const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link)
      expect(links.filter((link) => !existsSync(join(folder, link)))).toEqual([])
    },
  )

  it('are linked in the list of the examples', () => {
    const list = readFileSync(inRoot('examples', 'README.md'), 'utf8')
    expect(examples.filter(({ name }) => !list.includes(`](${name}/README.md)`))).toEqual([])
  })
})
