import { rm } from 'node:fs/promises'
import { readCommandLine } from '../../bin/command-line.mjs'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { inCache, inRoot } from '../workspace.js'
import { deadAnchors } from './dead-anchors.js'
import { oneWayLinks } from './one-way-links.js'
import { reference, writeReference } from './reference.js'

const help = `pnpm docs:build: writes the API reference and builds the site

Usage: node --import tsx packages/workshop/check/docs/main.ts [options]

Options
  --reference-only  does not build the site, as pnpm docs:api
  -h, --help        prints this help`

const { values } = readCommandLine(help, { options: { 'reference-only': { type: 'boolean' } } })

await rm(reference, { recursive: true, force: true })
const warnings = await writeReference()
for (const warning of warnings) console.log(warning)

let code = 0
if (values['reference-only'] !== true) {
  const site = await runCommand(inRoot('node_modules', '.bin', 'vitepress'), ['build', 'docs'])
  code = site.code
  if (code !== 0) console.log(site.output)
  const base = process.env['ANTIPHON_DOCS_BASE']
  const dead = code === 0 ? await deadAnchors(inCache('site'), base) : []
  for (const link of dead) console.log(`dead link to a heading: ${link}`)
  const oneWay = code === 0 ? await oneWayLinks(inCache('site'), base) : []
  for (const link of oneWay) console.log(`link to an export whose page does not link back: ${link}`)
  if (dead.length + oneWay.length > 0) code = 1
}
console.log(`${noteMark}.cache/site`)
process.exitCode = code === 0 && warnings.length > 0 ? 1 : code
