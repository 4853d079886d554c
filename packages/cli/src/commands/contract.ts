import { exampleText } from '../examples.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon contract`. */
export const addContract: AddCommand = (program, { host, start }) => {
  program
    .command('contract')
    .summary('exports, checks and compares AsyncAPI documents')
    .description(
      'Exports, checks and compares AsyncAPI documents: the command antiphon-contract. Its options are those of antiphon contract --help.',
    )
    .argument('[arguments...]', 'export, check, diff or generate, and their arguments')
    .addHelpText('after', exampleText('contract'))
    // Its options are parsed by the command of the contracts.
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action((args: readonly string[]) =>
      start(async () => {
        const { runContract } = await import('../contract/run-contract.js')
        return runContract(args, host)
      }),
    )
}
