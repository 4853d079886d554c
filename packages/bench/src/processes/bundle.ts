import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { build } from 'esbuild'
import { contestantDependencies, inContestants } from './install.js'
import { inBench, inCache } from './places.js'

// What is CommonJS inside of a bundle asks for Node's modules by `require`.
const requireOfNode =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"
const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  outExtension: { '.js': '.mjs' },
} as const

/** The program of a peer of ours, by its name in `src/peers`. */
export const peerFile = (name: string): string => inCache('peers', `${name}.mjs`)

/** Bundles the peers of ours, so that they run as they would in production: plain JavaScript, no loader. */
export async function bundlePeers(): Promise<void> {
  await build({
    ...common,
    entryPoints: programsOf(inBench('src', 'peers', 'programs')),
    outdir: inCache('peers'),
    banner: { js: requireOfNode },
  })
}

/** Bundles what the peers of others share with ours; their packages stay as they were installed. */
export async function bundleContestants(): Promise<void> {
  await build({
    ...common,
    entryPoints: programsOf(inBench('contestants')),
    outdir: inContestants(),
    external: contestantDependencies(),
    banner: { js: requireOfNode },
  })
}

function programsOf(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => basename(name))
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => `${folder}/${name}`)
}
