import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@antiphon/workshop/bundle'

// Under node_modules, so that the bundles resolve the one package that cannot be bundled. Each run has its own folder.
const folder = fileURLToPath(new URL(`../../node_modules/.cache/suite-${process.pid}/`, import.meta.url))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Returns the path of the bundle of a section's process. */
export function bundlePath(section: string, name: string): string {
  return `${folder}${section}/${name}.mjs`
}

/** Bundles each process of a section into one file, so that it starts quickly. */
export async function bundleProcesses(section: string, sources: readonly URL[]): Promise<void> {
  await bundlePrograms({
    sources: Object.fromEntries(
      sources.map((source) => [basename(source.pathname, '.ts'), fileURLToPath(source)]),
    ),
    folder: `${folder}${section}`,
  })
}
