import { readdirSync } from 'node:fs'
import { parse } from 'node:path'
import { bundlePrograms } from '@antiphon/workshop/bundle'
import { contestantDependencies, inContestants } from './install.js'
import { inBench, inCache } from './places.js'

/** The program of a peer of ours, by its name in `src/peers`. */
export const peerFile = (name: string): string => inCache('peers', `${name}.mjs`)

/** Bundles the peers of ours, so that they run as they would in production: plain JavaScript, no loader. */
export async function bundlePeers(): Promise<void> {
  await bundlePrograms({
    sources: programsOf(inBench('src', 'peers', 'programs')),
    folder: inCache('peers'),
    external: [],
  })
}

/** Bundles what the peers of others share with ours; their packages stay as they were installed. */
export async function bundleContestants(): Promise<void> {
  await bundlePrograms({
    sources: programsOf(inBench('contestants')),
    folder: inContestants(),
    external: contestantDependencies(),
  })
}

function programsOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder).filter((name) => /\.(ts|mjs)$/.test(name))
  return Object.fromEntries(files.map((file) => [parse(file).name, `${folder}/${file}`]))
}
