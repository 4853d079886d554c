import { mkdir, readFile, rm } from 'node:fs/promises'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { fromRoot, inCache, inRoot, publicPackages } from '../workspace.js'
import { sbomFaults, type Sbom } from './faults.js'

const folder = inCache('sbom')
const packages = publicPackages()

await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
const { code, output } = await runCommand(process.execPath, [
  inRoot('packages', 'workshop', 'bin', 'pnpm.mjs'),
  ...packages.map(({ name }) => `--filter=${name}`),
  ...['sbom', '--sbom-format', 'cyclonedx', '--prod', '--split'],
  ...['--sbom-authors', 'The Antiphon authors', '--out', `${folder}/%s-%v.cdx.json`],
])
if (code !== 0) throw new Error(`cannot write the SBOMs: pnpm sbom failed\n${output}`)

const faults: string[] = []
let components = 0
for (const { name, manifest } of packages) {
  const file = `${folder}/${name.replace('@', '').replace('/', '-')}-${manifest.version}.cdx.json`
  const sbom = JSON.parse(await readFile(file, 'utf8')) as Sbom
  components += sbom.components?.length ?? 0
  faults.push(...sbomFaults(sbom, manifest).map((fault) => `${fromRoot(file)}: ${fault}`))
}
for (const fault of faults) console.log(fault)
console.log(`${noteMark}${packages.length} files, ${components} components`)
process.exitCode = faults.length > 0 ? 1 : 0
