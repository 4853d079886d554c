import { Argument, type Command } from 'commander'
import type { CompletionWords } from '../completion/completion-option.js'
import { exampleText } from '../examples.js'
import { exitCodes } from '../exit-codes.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon completion`. */
export const addCompletion: AddCommand = (program, { host, start }) => {
  program
    .command('completion')
    .summary('prints a script that completes commands and options in a shell')
    .description('Prints a script that completes commands and options in a shell.')
    .addHelpText('after', exampleText('completion'))
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action((shell: string) =>
      start(async () => {
        const { bashCompletion, fishCompletion, zshCompletion } = await import('../completion/scripts.js')
        const words = wordsOf(program)
        const script = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell]
        await host.stdout.write(script?.(words) ?? '')
        return exitCodes.answered
      }),
    )
}

/** Returns the commands with their options, and the values of those options that have a choice. */
function wordsOf(program: Command): CompletionWords {
  return new Map(
    program.commands.map((command) => [
      command.name(),
      command.options
        .filter(({ hidden }) => !hidden)
        .map(({ long, description, argChoices }) => ({
          name: long ?? '',
          about: description,
          choices: argChoices ?? [],
        })),
    ]),
  )
}
