import { budgets } from './budgets.js'
import { measureSize } from './tmp-perfile.js'
for (const i of process.argv.slice(2)) {
  const b = budgets[+i]!
  const { gzip, minified, folders } = await measureSize(b)
  console.log(b.name, gzip, minified)
  for (const [f, n] of folders.slice(0, 400)) console.log(String(n).padStart(7), f)
}
