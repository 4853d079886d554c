import { exampleText } from '../examples.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addInspectFlags, type InspectFlags } from '../flags/inspect-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon inspect`. */
export const addInspect: AddCommand = (program, { host, start }) => {
  const command = program
    .command('inspect')
    .summary('shows exchanges on a page, live or from a recording')
    .description(
      'Serves a page on this machine that shows the exchanges of a broker as an observer sees them, or those of a recording, until Ctrl-C.',
    )
    .argument('[recording]', 'a file of events, as ndjsonSink writes it, instead of a broker')
  addInspectFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('inspect'))
  command.action((recording: string | undefined, flags: InspectFlags) =>
    start(async () => {
      const { runInspect } = await import('../inspect/run-inspect.js')
      return runInspect(recording, flags, host)
    }),
  )
}
