import { noteMark } from '../step.js'
import { root } from '../workspace.js'
import { checkImports } from './check-imports.js'

const { modules, imports, violations } = await checkImports(root)
for (const { rule, comment, from, to } of violations) console.log(`${rule}: ${from} → ${to}\n  ${comment}`)
console.log(`${noteMark}${modules} modules, ${imports} imports`)
process.exitCode = violations.length > 0 ? 1 : 0
