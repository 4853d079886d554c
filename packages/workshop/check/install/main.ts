import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tarballOf } from '../pack/tarballs.js'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { type Manifest, publicPackages } from '../workspace.js'
import { loader } from './loader.js'
import { followReadme } from './newcomer.js'
import { nodeRelease, nodeReleases } from './node-release.js'
import { compileStrictProject } from './strict-project.js'

const packages = publicPackages()
const specifiers = packages.flatMap(({ entries }) => entries.map(({ specifier }) => specifier))
const tarballs = Object.fromEntries(packages.map((item) => [item.name, `file:${tarballOf(item)}`]))
const peerVersions = await peers()

// A project with other schemas: it has not installed io-ts, and no declaration that it reads may import it.
const withoutIoTs = packages.filter(({ folderName }) => ['core', 'codecs', 'packet'].includes(folderName))
await compileStrictProject({
  specifiers: withoutIoTs.flatMap(({ entries }) =>
    entries.map(({ specifier }) => specifier).filter((specifier) => !specifier.endsWith('/io-ts')),
  ),
  dependencies: {
    ...pick(
      tarballs,
      withoutIoTs.map(({ name }) => name),
    ),
    ...pick(
      peerVersions,
      withoutIoTs.flatMap(({ manifest }) =>
        Object.keys(manifest.peerDependencies ?? {}).filter((name) => name !== 'io-ts'),
      ),
    ),
  },
  tarballs,
})

await followReadme({ tarballs, others: peerVersions })

// Outside the repository, so that Node does not find its node_modules.
const folder = await mkdtemp(join(tmpdir(), 'antiphon-install-'))
try {
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { ...tarballs, ...peerVersions },
    overrides: tarballs,
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'load.cjs'), loader(specifiers))
  await runOrThrow('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'])
  const versions: string[] = []
  for (const release of nodeReleases) {
    const text = await runOrThrow(await nodeRelease(release), ['load.cjs'])
    console.log(text)
    versions.push(/\d+\.\d+\.\d+/.exec(text)?.[0] ?? release)
  }
  console.log(
    `${noteMark}${specifiers.length} entries, required and imported, on Node ${versions.join(', ')}; compiled without io-ts; README followed`,
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function runOrThrow(command: string, args: readonly string[]): Promise<string> {
  const { code, output, stdout } = await runCommand(command, args, { cwd: folder })
  if (code !== 0) throw new Error(`cannot run ${[command, ...args].join(' ')}:\n${output}`)
  return stdout.trimEnd()
}

function pick(
  versions: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(versions).filter(([name]) => names.includes(name)))
}

// The peer dependencies, in the versions that the workspace tests with.
async function peers(): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {}
  for (const { folder: packageFolder, manifest } of packages) {
    for (const name of Object.keys(manifest.peerDependencies ?? {})) {
      if (name in tarballs) continue
      const text = await readFile(join(packageFolder, 'node_modules', name, 'package.json'), 'utf8')
      versions[name] = (JSON.parse(text) as Manifest).version
    }
  }
  return versions
}
