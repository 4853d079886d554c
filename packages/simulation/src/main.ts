import { bundlePrograms } from '@antiphon/workshop/bundle'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { readSettings } from './settings.js'
import { comparisonFile, writeComparison } from './report/comparison.js'
import { makeVirtualWorld, reportOf, simulate } from './simulate.js'
import { mosquittoWorld } from './world/mosquitto-world.js'

/** The memory of a simulation, in MiB. */
const MEMORY = 8_192

/** That of its young objects, in MiB: most requests begin and end between two collections of it. */
const YOUNG = 128

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  return 1
})

async function main(args: readonly string[]): Promise<number> {
  const settings = readSettings(args)
  if (settings === 'help') return 0
  if (!settings.isReal) return runBundled(args)
  const real = await simulate(settings, mosquittoWorld)
  const simulated = await simulate(settings, makeVirtualWorld)
  const { folder, subject } = reportOf(settings)
  writeComparison(folder, subject, { real, simulated })
  console.log(`${folder}/${comparisonFile}`)
  return 0
}

/** Runs a simulation as plain JavaScript: tsx gives each closure a name of its own, which doubles the memory of a link. */
async function runBundled(args: readonly string[]): Promise<number> {
  const inPackage = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
  const folder = inPackage('../../../.cache/simulation/bin')
  await bundlePrograms({ sources: { program: inPackage('program.ts') }, folder })
  // Most errors are refused connections, of which a fleet has many: their stacks say nothing.
  const options = [
    `--max-old-space-size=${MEMORY}`,
    `--max-semi-space-size=${YOUNG}`,
    '--stack-trace-limit=1',
  ]
  const node = spawn(process.execPath, [...options, `${folder}/program.mjs`, ...args], { stdio: 'inherit' })
  const [code] = (await once(node, 'exit')) as [number | null]
  return code ?? 1
}
