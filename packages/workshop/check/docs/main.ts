import { rm } from 'node:fs/promises'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { inRoot } from '../workspace.js'
import { reference, writeReference } from './reference.js'

const isReferenceAlone = process.argv.includes('reference')

await rm(reference, { recursive: true, force: true })
const complaints = await writeReference()
for (const complaint of complaints) console.log(complaint)

let code = 0
if (!isReferenceAlone) {
  const site = await runCommand(inRoot('node_modules', '.bin', 'vitepress'), ['build', 'docs'])
  code = site.code
  if (code !== 0) console.log(site.output)
}
console.log(`${noteMark}.cache/site`)
process.exitCode = code === 0 && complaints.length > 0 ? 1 : code
