import { exampleText } from '../examples.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import { addTapFlags, type TapFlags } from '../flags/tap-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon tap`. */
export const addTap: AddCommand = (program, { host, start }) => {
  const command = program
    .command('tap')
    .summary('shows the requests of other clients with their responses')
    .description(
      'Shows the requests of other clients with their responses, statuses and latencies, and what has no counterpart, until Ctrl-C.',
    )
    .argument('<filter...>', 'the topic filters of the requests')
  addTapFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('tap'))
  command.action((filters: readonly string[], flags: TapFlags) =>
    start(async () => {
      const { runTap } = await import('../tap/run-tap.js')
      return runTap(filters, flags, host)
    }),
  )
}
