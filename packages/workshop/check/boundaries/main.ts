import { noteMark } from '../step.js'
import { root } from '../workspace.js'
import { walk } from './cruise.js'

const { modules, imports, trespasses } = await walk(root)
for (const { rule, comment, from, to } of trespasses) console.log(`${rule}: ${from} → ${to}\n  ${comment}`)
console.log(`${noteMark}${modules} modules, ${imports} imports`)
process.exitCode = trespasses.length > 0 ? 1 : 0
