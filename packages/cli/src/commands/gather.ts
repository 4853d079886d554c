import { exampleText } from '../examples.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addExchangeFlags } from '../flags/exchange-flags.js'
import { addGatherFlags, type GatherFlags } from '../flags/gather-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import { addPayloadFlags } from '../flags/payload-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon gather`. */
export const addGather: AddCommand = (program, { host, start }) => {
  const command = program
    .command('gather')
    .summary('sends one request to many responders and prints their responses')
    .description(
      'Sends one request to many responders and prints their responses, until the timeout or what the options say.',
    )
    .argument('<topic>', 'the topic of the request')
    .argument('[payload]', 'its payload, or - for standard input (default: empty)')
  addGatherFlags(command)
  addPayloadFlags(command)
  addExchangeFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('gather'))
  command.action((topic: string, payload: string | undefined, flags: GatherFlags) =>
    start(async () => {
      const { runGather } = await import('../gather/run-gather.js')
      return runGather({ topic, payload }, flags, host)
    }),
  )
}
