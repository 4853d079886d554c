// `npm start`: runs the first example, or the one whose number or name is given, from a fresh clone on.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, runTypeScript } from './bootstrap.mjs'
import { readCommandLine } from './command-line.mjs'
import { root } from './pnpm.mjs'

const stories = readdirSync(join(root, 'examples'))
  .filter((name) => /^\d\d-/.test(name))
  .sort()
const listed = stories.map((name) => `  ${name}`).join('\n')
const help = `npm start: runs an example

Usage: npm start [-- <example> [argument ...]]
An example is its name, or the beginning of it such as 02 (default: the first).

Examples
${listed}

Options
  -h, --help  prints this help`

const { positionals } = readCommandLine(help, { allowPositionals: true })
const [wanted = '', ...args] = positionals
const story = stories.find((name) => name.startsWith(wanted) || name.slice(3) === wanted)
if (story === undefined) {
  console.error(`No example is called ${wanted}. There are:\n${listed}`)
  process.exit(1)
}
bootstrap()
console.log(`\nexamples/${story}\n`)
process.exitCode = await runTypeScript(`examples/${story}/index.ts`, args)
