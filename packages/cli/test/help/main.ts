// Writes the help of all commands into docs/guide/command-line.md: node --import tsx packages/cli/test/help/main.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { helpHeading, helpSection } from './help-section.js'

const page = new URL('../../../../docs/guide/command-line.md', import.meta.url)
const [text = ''] = readFileSync(page, 'utf8').split(`${helpHeading}\n`)
writeFileSync(page, `${text.trimEnd()}\n\n${await helpSection()}`)
