import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { inRoot } from '../workspace.js'
import type { FolderCounts } from './counts.js'
import { markdownTable } from './table.js'

const folder = inRoot('docs', 'mutants')
const countsFile = inRoot('docs', 'mutants', 'counts.json')

/** The committed counts, by folder; none before the first `pnpm mutants --save`. */
export async function readBaseline(): Promise<FolderCounts> {
  const text = await readFile(countsFile, 'utf8').catch(() => '{}')
  return JSON.parse(text) as FolderCounts
}

/** Puts the counts of the whole folders in place of the saved ones and drops folders that no longer exist. */
export function mergeBaseline(
  saved: FolderCounts,
  counts: FolderCounts,
  { whole, existing }: { readonly whole: ReadonlySet<string>; readonly existing: ReadonlySet<string> },
): FolderCounts {
  const kept = Object.entries(saved).filter(([name]) => existing.has(name))
  const fresh = Object.entries(counts).filter(([name]) => whole.has(name))
  const merged = { ...Object.fromEntries(kept), ...Object.fromEntries(fresh) }
  return Object.fromEntries(Object.entries(merged).sort(([a], [b]) => a.localeCompare(b)))
}

/** Writes the counts and the page about them. */
export async function writeBaseline(counts: FolderCounts): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(countsFile, `${JSON.stringify(counts, null, 2)}\n`)
  await writeFile(inRoot('docs', 'mutants', 'README.md'), pageOf(counts))
}

/** The page about the counts. */
export function pageOf(counts: FolderCounts): string {
  return `# Mutation testing

How many faults that Stryker puts into the sources make a test fail. Written by \`pnpm mutants --save\`; the counts are in
\`counts.json\`, [decision 0010](../decisions/0010-mutation-testing.md) says how it is done.

${markdownTable(counts)}
*Killed*: a test failed or ran into its time limit. *Survived*: tests ran the mutant and passed. *No coverage*: no test ran it.
*Score*: killed of all. Mutants that run only while a module loads are left out.
`
}
