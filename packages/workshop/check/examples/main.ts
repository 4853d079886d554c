import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { inRoot } from '../workspace.js'
import { firstMissing, isInterruptionDue, stories } from './stories.js'

const deadline = 60_000
const all = await stories()
let failed = 0

for (const { name, file, expected } of all) {
  const { code, output, stdout } = await runCommand(process.execPath, ['--import', 'tsx', file], {
    cwd: inRoot('examples'),
    deadline,
    interruptWhen: (printed) => isInterruptionDue(expected, printed),
  })
  const missing = firstMissing(expected, stdout)
  if (code === 0 && missing === undefined) {
    console.log(`${name} runs`)
    continue
  }
  failed += 1
  const why = code === 0 ? `did not print: ${missing ?? ''}` : `ended with ${code}`
  console.log(`${name} ${why}\n${output}`)
}
console.log(`${noteMark}${all.length} run`)
process.exitCode = failed > 0 ? 1 : 0
