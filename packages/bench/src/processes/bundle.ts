import { readdirSync } from 'node:fs'
import { parse } from 'node:path'
import { bundlePrograms } from '@antiphon/workshop/bundle'
import { contestantDependencies, contestantsPath } from './install.js'
import { benchPath, cachePath } from './paths.js'

/** Returns the path of the bundle of a program in `src/peers/programs`. */
export const peerFile = (name: string): string => cachePath('peers', `${name}.mjs`)

/** Bundles the programs of the workspace, so that they run as in production: plain JavaScript, no loader. */
export async function bundlePeers(): Promise<void> {
  await bundlePrograms({
    sources: programsOf(benchPath('src', 'peers', 'programs')),
    folder: cachePath('peers'),
    external: [],
  })
}

/** Bundles the programs of the installed contestants; their packages stay external. */
export async function bundleContestants(): Promise<void> {
  await bundlePrograms({
    sources: programsOf(benchPath('contestants')),
    folder: contestantsPath(),
    external: contestantDependencies(),
  })
}

function programsOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder).filter((name) => /\.(ts|mjs)$/.test(name))
  return Object.fromEntries(files.map((file) => [parse(file).name, `${folder}/${file}`]))
}
