// `npm start`: runs the first example, or the example with the given number or name, also in a fresh clone.
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
<example> is the name of an example or its beginning, such as 02 (default: the first).

Examples
${listed}

Options
  -h, --help  prints this help`

const { positionals } = readCommandLine(help, { allowPositionals: true })
const [selected = '', ...args] = positionals
const story = stories.find((name) => name.startsWith(selected) || name.slice(3) === selected)
if (story === undefined) {
  console.error(`Unknown example ${selected}: it must be one of\n${listed}`)
  process.exit(1)
}
bootstrap()
console.log(`\nexamples/${story}\n`)
process.exitCode = await runTypeScript(`examples/${story}/index.ts`, args)
