import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { runCommand } from '../../check/run-command.js'
import { inCache, inRoot } from '../../check/workspace.js'

it('finds misspelt words in texts and TSDoc, and checks no code', async () => {
  const page = inCache('spelling', 'page.md')
  const source = inCache('spelling', 'source.ts')
  await mkdir(dirname(page), { recursive: true })
  await writeFile(page, '# Recieves\n\n`mesage`\n\n```ts\nconst mesage = 1\n```\n')
  await writeFile(source, "/** Sends a mesage of `mesage`. */\nexport const mesage = 'mesage'\n")
  const { code, output } = await runCommand(process.execPath, [
    inRoot('node_modules', 'cspell', 'bin.mjs'),
    ...['lint', '--config', inRoot('.config', 'cspell.json'), '--no-progress', '--no-summary', '--no-color'],
    ...['--dot', page, source],
  ])
  expect(code).toBe(1)
  expect(
    [...output.matchAll(/^(?:.*[\\/])?(\S+):(\d+):\d+ - Unknown word \((\w+)\)/gm)].map(
      ([, ...found]) => found,
    ),
  ).toEqual([
    ['page.md', '1', 'Recieves'],
    ['source.ts', '1', 'mesage'],
  ])
})

it('has a word list that is sorted and names each word once', async () => {
  const text = await readFile(inRoot('.config', 'spelling.txt'), 'utf8')
  const words = text
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
  const sorted = [...new Set(words)].sort((one, other) => one.localeCompare(other, 'en'))
  expect(words).toEqual(sorted)
})
