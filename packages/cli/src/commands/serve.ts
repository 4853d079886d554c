import { exampleText } from '../examples.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addCorrelationFlags } from '../flags/correlation-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import { addPayloadFlags } from '../flags/payload-flags.js'
import { addServeFlags, type ServeFlags } from '../flags/serve-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon serve`. */
export const addServe: AddCommand = (program, { host, start }) => {
  const command = program
    .command('serve')
    .summary('responds to requests')
    .description(
      'Responds to requests until Ctrl-C. It then finishes the running requests; a second Ctrl-C ends it at once.',
    )
    .argument('<topic>', 'the topic of the requests; it may have parameters: vehicles/{vin}/unlock')
  addServeFlags(command)
  addCorrelationFlags(command, 'Serve options:')
  addPayloadFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('serve'))
  command.action((topic: string, flags: ServeFlags) =>
    start(async () => {
      const { runServe } = await import('../serve/run-serve.js')
      return runServe(topic, flags, host)
    }),
  )
}
