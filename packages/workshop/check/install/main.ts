import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tarballOf } from '../pack/tarballs.js'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { type Manifest, publicPackages } from '../workspace.js'
import { loader } from './loader.js'
import { nodeRelease, nodeReleases } from './node-release.js'

const packages = publicPackages()
const specifiers = packages.flatMap(({ entries }) => entries.map(({ specifier }) => specifier))
const ours = Object.fromEntries(packages.map((each) => [each.name, `file:${tarballOf(each)}`]))

// Far from the repository: nothing of its node_modules may be found by walking up.
const folder = await mkdtemp(join(tmpdir(), 'antiphon-install-'))
try {
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { ...ours, ...(await peers()) },
    overrides: ours,
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'load.cjs'), loader(specifiers))
  await succeed('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'])
  const versions: string[] = []
  for (const release of nodeReleases) {
    const text = await succeed(await nodeRelease(release), ['load.cjs'])
    console.log(text)
    versions.push(/\d+\.\d+\.\d+/.exec(text)?.[0] ?? release)
  }
  console.log(
    `${noteMark}${specifiers.length} entries, required and imported, on Node ${versions.join(', ')}`,
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function succeed(command: string, args: readonly string[]): Promise<string> {
  const { code, output, stdout } = await runCommand(command, args, { cwd: folder })
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')}\n${output}`)
  return stdout.trimEnd()
}

// What users bring themselves, in the version that the workspace tests with.
async function peers(): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const each of packages) {
    for (const name of Object.keys(each.manifest.peerDependencies ?? {})) {
      if (name in ours) continue
      const text = await readFile(join(each.folder, 'node_modules', name, 'package.json'), 'utf8')
      found[name] = (JSON.parse(text) as Manifest).version
    }
  }
  return found
}
