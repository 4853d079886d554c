import { exampleText } from '../examples.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon broker`. */
export const addBroker: AddCommand = (program, { host, start }) => {
  program
    .command('broker')
    .summary('runs a broker')
    .description(
      'Runs a broker: the command antiphon-broker. Its options are those of antiphon broker --help.',
    )
    .argument('[arguments...]', 'its options, or passwd, export or import')
    .addHelpText('after', exampleText('broker'))
    // Its options are parsed by the command of the broker.
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action((args: readonly string[]) =>
      start(async () => {
        const { runBroker } = await import('../broker/run-broker.js')
        return runBroker(args, host)
      }),
    )
}
