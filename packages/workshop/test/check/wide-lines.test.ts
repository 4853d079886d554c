import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { wideLinesIn, wideOutputs } from '../../check/snippets/wide-lines.js'
import { inRoot } from '../../check/workspace.js'

const block = (columns: number, language = 'ts', indent = '') =>
  `${indent}\`\`\`${language}\n${indent}${'x'.repeat(columns)}\n${indent}\`\`\`\n`

it('accepts 80 columns of code, and any width of a text', () => {
  expect(wideLinesIn('docs/a.md', `${'x'.repeat(200)}\n${block(80)}${'x'.repeat(200)}\n`)).toEqual([])
})

it('reports a line of 81 columns with its place in the page', () => {
  expect(wideLinesIn('docs/a.md', `# A\n\n${block(81, 'ts run')}`)).toEqual([
    { line: 4, columns: 81, maximum: 80 },
  ])
})

it('does not count the indent of a list', () => {
  expect(wideLinesIn('docs/a.md', block(80, 'sh', '   '))).toEqual([])
})

it('counts characters, not units of UTF-16', () => {
  expect(wideLinesIn('docs/a.md', `\`\`\`text\n${'😀'.repeat(80)}\n\`\`\``)).toEqual([])
})

it('allows the output of a program the width that is listed', () => {
  const allowed = [{ page: 'docs/a.md', language: 'text', columns: 100, why: 'printed' }]
  expect(wideLinesIn('docs/a.md', block(100, 'text'), allowed)).toEqual([])
  expect(wideLinesIn('docs/a.md', block(101, 'text'), allowed)).toMatchObject([{ maximum: 100 }])
  expect(wideLinesIn('docs/a.md', block(81, 'sh'), allowed)).toMatchObject([{ maximum: 80 }])
  expect(wideLinesIn('docs/b.md', block(81, 'text'), allowed)).toMatchObject([{ maximum: 80 }])
})

it.each(wideOutputs)('needs the width that is listed for $page', ({ page, language }) => {
  const found = wideLinesIn(page, readFileSync(inRoot(page), 'utf8'), [])
  expect(found.length, `no block of ${language} is wider than 80 columns: remove the entry`).toBeGreaterThan(
    0,
  )
})
