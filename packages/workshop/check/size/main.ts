import { noteMark } from '../step.js'
import { budgets, startBudgets } from './budgets.js'
import { measureSize } from './measure-size.js'
import { measureStart } from './measure-start.js'

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
const notes: string[] = []
let isOver = false

for (const budget of budgets) {
  const { gzip, brotli, minified, folders } = await measureSize(budget)
  const note = `${kilobytes(gzip)}${budget.limit === undefined ? '' : ` (limit ${kilobytes(budget.limit)})`}`
  const isTooLarge = budget.limit !== undefined && gzip > budget.limit
  console.log(
    `${isTooLarge ? 'Too large: ' : ''}${budget.name}: ${note} gzip, ${kilobytes(brotli)} brotli, ${kilobytes(minified)} minified, of which`,
  )
  for (const [folder, bytes] of folders.slice(0, 12))
    console.log(`  ${kilobytes(bytes).padStart(8)}  ${folder}`)
  isOver ||= isTooLarge
  notes.push(note)
}
for (const budget of startBudgets) {
  const { bytes, files } = await measureStart(budget)
  const note = `${kilobytes(bytes)} (limit ${kilobytes(budget.limit)})`
  const isTooLarge = bytes > budget.limit
  console.log(`${isTooLarge ? 'Too large: ' : ''}${budget.name}: ${note} in ${files} files`)
  isOver ||= isTooLarge
  notes.push(note)
}
console.log(`${noteMark}${notes.join(' · ')}`)
process.exitCode = isOver ? 1 : 0
