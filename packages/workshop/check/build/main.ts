import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { fromRoot, inCache, inRoot, publicPackages } from '../workspace.js'
import { outputsOf } from './outputs.js'

const filesIn = async (folder: string): Promise<readonly string[]> => {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

const packages = publicPackages()
const expectedBy = await Promise.all(
  packages.map(async ({ folder, folderName }) => {
    const sources = await filesIn(join(folder, 'src'))
    const expected = new Set(sources.flatMap((source) => outputsOf(folder, source)))
    const built = await filesIn(join(folder, 'dist'))
    // Outputs of deleted sources would be packed.
    for (const stale of built.filter((file) => !expected.has(file))) {
      console.log(`delete ${fromRoot(stale)}`)
      await rm(stale)
    }
    // The compiler trusts its tsbuildinfo even if an output was deleted.
    const isWhole = [...expected].every((file) => built.includes(file))
    if (!isWhole) await rm(inCache('types', `${folderName}.tsbuildinfo`), { force: true })
    return expected
  }),
)
const { code, output } = await runCommand(inRoot('node_modules', '.bin', 'tsc'), [
  '-b',
  'packages/tsconfig.build.json',
])
process.stdout.write(output)
const missing = expectedBy.flatMap((expected) => [...expected].filter((file) => !existsSync(file)))
for (const file of missing) console.log(`not built: ${fromRoot(file)}`)
console.log(`${noteMark}${packages.length} packages`)
process.exitCode = missing.length > 0 ? 1 : code
