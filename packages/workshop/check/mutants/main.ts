import { readdirSync } from 'node:fs'
import { fromRoot, inRoot } from '../workspace.js'
import { readArguments } from './arguments.js'
import { mergeBaseline, readBaseline, writeBaseline } from './baseline.js'
import { countByFolder, survivorsIn, type FolderCounts } from './counts.js'
import { belowFloor } from './floors.js'
import { folderOf, select, wholeFolders } from './selection.js'
import { readSettings } from './settings.js'
import { pageFor, runStryker } from './stryker.js'
import { textTable } from './table.js'
import { copyWorkspace, removeWorkspaceCopy } from './workspace-copy.js'

process.exitCode = await mutate(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  return 1
})

async function mutate(args: readonly string[]): Promise<number> {
  const options = readArguments(args)
  const { packages, floors } = readSettings()
  const sources = Object.keys(packages).flatMap(sourcesOf)
  const selections = select(sources, options.paths)
  const files = selections.flatMap((selection) => selection.files)
  const whole = wholeFolders(sources, files)
  if (options.isSaving && whole.size === 0)
    throw new Error('cannot save counts: no folder is mutated whole; pass folders, or no path at all')

  let counts: FolderCounts = {}
  const survivors: string[] = []
  await copyWorkspace()
  try {
    for (const selection of selections) {
      const report = await runStryker(selection, options)
      counts = { ...counts, ...countByFolder(report, selection.files) }
      survivors.push(...survivorsIn(report, selection.files))
    }
  } finally {
    await removeWorkspaceCopy()
  }

  // Without paths the list would be too long; the pages show all survivors.
  if (options.paths.length > 0) for (const line of survivors) console.log(line)
  const saved = await readBaseline()
  console.log(`\n${textTable(counts, saved)}`)
  for (const { name } of selections) console.log(`  ${fromRoot(pageFor(name))}`)

  if (options.isSaving) {
    const existing = new Set(sources.map(folderOf))
    await writeBaseline(mergeBaseline(saved, counts, { whole, existing }))
    console.log(`  docs/mutants: ${whole.size} folder(s) saved`)
  }
  const failures = belowFloor(counts, floors, whole)
  for (const failure of failures) console.log(failure)
  return failures.length > 0 ? 1 : 0
}

function sourcesOf(name: string): readonly string[] {
  const folder = `packages/${name}/src`
  return readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .sort()
}
