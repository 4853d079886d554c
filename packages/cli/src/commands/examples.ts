import { exampleText, examples } from '../examples.js'
import { exitCodes } from '../exit-codes.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon examples`. */
export const addExamples: AddCommand = (program, { host, start }) => {
  program
    .command('examples')
    .summary('prints examples of all commands')
    .description('Prints examples of all commands.')
    .action(() =>
      start(async () => {
        for (const name of Object.keys(examples)) await host.stdout.write(`${name}${exampleText(name)}\n\n`)
        return exitCodes.answered
      }),
    )
}
