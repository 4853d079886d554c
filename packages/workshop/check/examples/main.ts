import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { inRoot } from '../workspace.js'
import { firstMissing, isInterruptionDue, readExamples } from './read-examples.js'

// Only for programs that hang: on a busy machine a start takes seconds.
const timeout = 300_000
const all = await readExamples()
let failed = 0

for (const { name, file, expected } of all) {
  const { code, output, stdout } = await runCommand(process.execPath, ['--import', 'tsx', file], {
    cwd: inRoot('examples'),
    timeout,
    interruptWhen: (printed) => isInterruptionDue(expected, printed),
  })
  const missing = firstMissing(expected, stdout)
  if (code === 0 && missing === undefined) {
    console.log(`${name} runs`)
    continue
  }
  failed += 1
  const cause = code === 0 ? `did not print: ${missing ?? ''}` : `exited with ${code}`
  console.log(`${name} ${cause}\n${output}`)
}
console.log(`${noteMark}${all.length} run`)
process.exitCode = failed > 0 ? 1 : 0
