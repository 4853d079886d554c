import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { noteMark } from '../step.js'
import { inRoot, root } from '../workspace.js'
import { isAllowed } from './allowed.js'
import { findWords } from './find-words.js'
import { glossaryFaults, glossaryOf } from './glossary.js'

/** Files that are generated, and change logs. */
const generated = /^docs\/(?:api|bench|acceptance|simulation|mutants|reference)\/|(?:^|\/)CHANGELOG\.md$/
const maxShown = 60

// `language/main.ts packages/core/src …` checks only these folders and files, and shows all findings.
const { positionals: only } = parseArgs({ allowPositionals: true })
const isSelected = (file: string): boolean => only.length === 0 || only.some((path) => file.startsWith(path))

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
})
  .split('\n')
  .filter((file) => /\.(?:ts|mts|mjs|md|css|html)$/.test(file) && existsSync(inRoot(file)))
const texts = new Map(files.map((file) => [file, readFileSync(inRoot(file), 'utf8')]))

const words = [...texts]
  .filter(([file]) => isSelected(file) && !generated.test(file))
  .flatMap(([file, text]) =>
    findWords(text)
      .filter(({ word }) => !isAllowed(file, word))
      .map(({ line, found, instead }) => `${file}:${line} "${found}": write ${instead}`),
  )

const page = 'docs/architecture.md'
const sources = [...texts].filter(([file]) => /^packages\/[^/]+\/src\//.test(file)).map(([, text]) => text)
const rows = glossaryOf(texts.get(page) ?? '')
const glossary = glossaryFaults(
  rows,
  (file) => existsSync(inRoot(file)),
  (term) => sources.some((text) => text.includes(term)),
).map((fault) => `${page} glossary, ${fault}`)

const faults = [...glossary, ...words]
const shown = only.length > 0 ? words : faults.slice(0, maxShown)
for (const fault of shown) console.log(fault)
if (only.length === 0 && faults.length > maxShown) console.log(`… and ${faults.length - maxShown} more`)
console.log(`${noteMark}${texts.size} files, ${words.length} ruled-out words, ${rows.length} glossary rows`)
process.exitCode = faults.length > 0 ? 1 : 0
