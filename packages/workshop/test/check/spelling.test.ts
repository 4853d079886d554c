import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { inRoot } from '../../check/workspace.js'

const words = readFileSync(inRoot('.config', 'spelling.txt'), 'utf8')
  .trimEnd()
  .split('\n')
  .filter((line) => !line.startsWith('#'))

it('has a word list that is sorted and names each word once', () => {
  const sorted = [...new Set(words)].sort((one, other) => one.localeCompare(other, 'en'))
  expect(words).toEqual(sorted)
})
