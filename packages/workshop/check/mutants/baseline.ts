import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { inRoot } from '../workspace.js'
import { scoreOf, type FolderCounts } from './counts.js'
import { markdownTable } from './table.js'

const folder = inRoot('docs', 'mutants')
const countsFile = inRoot('docs', 'mutants', 'counts.json')

/** Reads the committed counts by folder; empty before the first `pnpm mutants --save`. */
export async function readBaseline(): Promise<FolderCounts> {
  const text = await readFile(countsFile, 'utf8').catch(() => '{}')
  return JSON.parse(text) as FolderCounts
}

/** Replaces the saved counts of the folders that were mutated whole, and removes folders that no longer exist. */
export function mergeBaseline(
  saved: FolderCounts,
  counts: FolderCounts,
  { whole, existing }: { readonly whole: ReadonlySet<string>; readonly existing: ReadonlySet<string> },
): FolderCounts {
  const retained = Object.entries(saved).filter(([name]) => existing.has(name))
  const replaced = Object.entries(counts).filter(([name]) => whole.has(name))
  const merged = { ...Object.fromEntries(retained), ...Object.fromEntries(replaced) }
  // A folder that only exports again what others declare has no mutants.
  const counted = Object.entries(merged).filter(([, row]) => scoreOf(row) !== undefined)
  return Object.fromEntries(counted.sort(([a], [b]) => a.localeCompare(b)))
}

/** Writes the counts and their page. */
export async function writeBaseline(counts: FolderCounts): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(countsFile, `${JSON.stringify(counts, null, 2)}\n`)
  await writeFile(inRoot('docs', 'mutants', 'README.md'), pageOf(counts))
}

/** Returns the page with the counts. */
export function pageOf(counts: FolderCounts): string {
  return `# Mutation testing

The number of mutants (faults that Stryker puts into the sources) that the tests detect. \`pnpm mutants --save\` writes this page and
\`counts.json\`; [decision 0010](../decisions/0010-mutation-testing.md) describes the method.

${markdownTable(counts)}
*Killed*: a test failed or timed out. *Survived*: tests ran the mutant and passed. *No coverage*: no test ran the mutant.
*Score*: the percentage of killed mutants. Mutants that run only while a module loads are left out.
`
}
