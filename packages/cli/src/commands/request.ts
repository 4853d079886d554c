import { exampleText } from '../examples.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addExchangeFlags } from '../flags/exchange-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import { addPayloadFlags } from '../flags/payload-flags.js'
import { addRequestFlags, type RequestFlags } from '../flags/request-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon request`. */
export const addRequest: AddCommand = (program, { host, start }) => {
  const command = program
    .command('request')
    .summary('sends a request and prints the response')
    .description(
      'Sends a request and prints the response.\n\nThe topic may have parameters: vehicles/{vin}/unlock with --param vin=car7.',
    )
    .argument('<topic>', 'the topic of the request')
    .argument('[payload]', 'its payload, or - for standard input (default: empty)')
  addRequestFlags(command)
  addPayloadFlags(command)
  addExchangeFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('request'))
  command.action((topic: string, payload: string | undefined, flags: RequestFlags) =>
    start(async () => {
      const { runRequest } = await import('../request/run-request.js')
      return runRequest({ topic, payload }, flags, host)
    }),
  )
}
