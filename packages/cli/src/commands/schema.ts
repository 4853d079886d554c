import { exampleText } from '../examples.js'
import { exitCodes } from '../exit-codes.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon schema`. */
export const addSchema: AddCommand = (program, { host, start }) => {
  program
    .command('schema')
    .summary('prints the JSON Schema of what --json prints')
    .description('Prints the JSON Schema of the lines that --json prints.')
    .addHelpText('after', exampleText('schema'))
    .action(() =>
      start(async () => {
        const { recordSchema } = await import('../output/record-schema.js')
        await host.stdout.write(`${JSON.stringify(recordSchema, null, 2)}\n`)
        return exitCodes.answered
      }),
    )
}
