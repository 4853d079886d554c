// `npm test`: everything that CI runs, from a fresh clone on, with Node and npm alone.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, runTypeScript } from './bootstrap.mjs'
import { root } from './pnpm.mjs'

rmSync(join(root, '.cache', 'check', 'tally'), { force: true })
bootstrap()
process.exitCode = await runTypeScript('packages/workshop/check/main.ts', process.argv.slice(2))
