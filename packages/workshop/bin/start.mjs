// `npm start`: runs the first example, or the one whose number or name is given, from a fresh clone on.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, runTypeScript } from './bootstrap.mjs'
import { root } from './pnpm.mjs'

const [wanted = '', ...args] = process.argv.slice(2)
const stories = readdirSync(join(root, 'examples'))
  .filter((name) => /^\d\d-/.test(name))
  .sort()
const story = stories.find((name) => name.startsWith(wanted) || name.slice(3) === wanted)
if (story === undefined) {
  console.error(
    `No example is called ${wanted}. There are:\n${stories.map((name) => `  ${name}`).join('\n')}`,
  )
  process.exit(1)
}
bootstrap()
console.log(`\nexamples/${story}\n`)
process.exitCode = await runTypeScript(`examples/${story}/index.ts`, args)
