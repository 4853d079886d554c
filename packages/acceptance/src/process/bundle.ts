import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@antiphon/workshop/bundle'

// Where the bundles stand is where they find the one package that cannot be in them. Each suite has its own.
const folder = fileURLToPath(new URL(`../../node_modules/.cache/suite-${process.pid}/`, import.meta.url))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Where the bundle of a section's process lies. */
export function bundled(section: string, name: string): string {
  return `${folder}${section}/${name}.mjs`
}

/** Makes one file of each process of a section, so that starting it costs little. */
export async function bundleProcesses(section: string, sources: readonly URL[]): Promise<void> {
  await bundlePrograms({
    sources: Object.fromEntries(
      sources.map((source) => [basename(source.pathname, '.ts'), fileURLToPath(source)]),
    ),
    folder: `${folder}${section}`,
  })
}
