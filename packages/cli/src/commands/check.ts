import { exampleText } from '../examples.js'
import { addCheckFlags, type CheckFlags } from '../flags/check-flags.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon check`. */
export const addCheck: AddCommand = (program, { host, start }) => {
  const command = program
    .command('check')
    .summary('reports what a broker can do')
    .description(
      'Reports what a broker can do: its version and limits, and what messages to topics of this command alone reveal.',
    )
  addCheckFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('check'))
  command.action((flags: CheckFlags) =>
    start(async () => {
      const { runCheck } = await import('../check/run-check.js')
      return runCheck(flags, host)
    }),
  )
}
