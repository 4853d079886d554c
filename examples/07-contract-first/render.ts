/**
 * Renders `contract.json` by AsyncAPI's own HTML template to `contract.html`, or to the file that is named: `npx tsx
 * 07-contract-first/render.ts page.html`. The template has 380 MB of dependencies, so that it is installed in a folder of its own
 * (`.cache/asyncapi-html`) by the first run.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const generator = '@asyncapi/generator@2.11.0'
const template = '@asyncapi/html-template@3.5.6'
const folder = fileURLToPath(new URL('../../.cache/asyncapi-html', import.meta.url))
const contract = fileURLToPath(new URL('contract.json', import.meta.url))
const page = resolve(process.argv[2] ?? 'contract.html')

const program = join(folder, 'node_modules', '.bin', 'asyncapi-generator')
const inFolder = { cwd: folder, stdio: 'inherit' } as const
if (!existsSync(program)) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  // Without its scripts, the template's browser is not downloaded: only PDF output needs it.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']
  execFileSync('npm', ['install', ...options, generator, template], inFolder)
}
const parameters = ['--force-write', '--param', 'singleFile=true', '--output', 'page']
execFileSync(program, [contract, '@asyncapi/html-template', ...parameters], inFolder)
copyFileSync(join(folder, 'page', 'index.html'), page)

const { channels } = JSON.parse(readFileSync(contract, 'utf8')) as {
  readonly channels: Readonly<Record<string, { readonly address: string | null }>>
}
const html = readFileSync(page, 'utf8')
for (const { address } of Object.values(channels)) {
  if (address === null) continue
  if (!html.includes(address)) throw new Error(`${page} does not contain the channel ${address}`)
  console.log(`${address} is on the page`)
}
console.log(page)
