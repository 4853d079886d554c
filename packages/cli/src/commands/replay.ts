import { exampleText } from '../examples.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addExchangeFlags } from '../flags/exchange-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import { addReplayFlags, type ReplayFlags } from '../flags/replay-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon replay`. */
export const addReplay: AddCommand = (program, { host, start }) => {
  const command = program
    .command('replay')
    .summary('sends recorded requests again, and compares the responses')
    .description(
      'Sends the requests that `antiphon tap --record` has recorded, and prints or compares the responses.',
    )
    .argument('<file>', 'the recording')
  addReplayFlags(command)
  addExchangeFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('replay'))
  command.action((file: string, flags: ReplayFlags) =>
    start(async () => {
      const { runReplay } = await import('../replay/run-replay.js')
      return runReplay(file, flags, host)
    }),
  )
}
