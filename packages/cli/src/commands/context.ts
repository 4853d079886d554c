import { exampleText } from '../examples.js'
import { addConnectionFlags, type ConnectionFlags } from '../flags/connection-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon context`. */
export const addContext: AddCommand = (program, { host, start }) => {
  const run = () => import('../context/run-context.js')
  const command = program
    .command('context')
    .summary('stores connection options under a name')
    .description(
      'Stores connection options under a name, in ~/.config/antiphon. A command uses them with --context <name>, and those of `antiphon context use` without it, unless it has a --url.',
    )
    .addHelpText('after', exampleText('context'))
  addConnectionFlags(
    command.command('save').argument('<name>').description('Stores the connection options.'),
  ).action((name: string, flags: ConnectionFlags) =>
    start(async () => (await run()).saveContext(name, flags, host)),
  )
  command
    .command('list')
    .description('Prints the names of all contexts.')
    .action(() => start(async () => (await run()).listContexts(host)))
  command
    .command('show')
    .argument('<name>')
    .description('Prints the options of a context.')
    .action((name: string) => start(async () => (await run()).showContext(name, host)))
  command
    .command('use')
    .argument('<name>')
    .description('Uses a context where no other is named.')
    .action((name: string) => start(async () => (await run()).useContext(name, host)))
  command
    .command('delete')
    .argument('<name>')
    .description('Deletes a context.')
    .action((name: string) => start(async () => (await run()).deleteContext(name, host)))
}
