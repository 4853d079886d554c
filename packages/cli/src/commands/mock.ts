import { exampleText } from '../examples.js'
import { addConnectionFlags } from '../flags/connection-flags.js'
import { addMockFlags, type MockFlags } from '../flags/mock-flags.js'
import { addOutputFlags } from '../flags/output-flags.js'
import type { AddCommand } from './add-command.js'

/** Adds `antiphon mock`. */
export const addMock: AddCommand = (program, { host, start }) => {
  const command = program
    .command('mock')
    .summary('responds to the requests of an AsyncAPI document')
    .description('Responds to the requests of an AsyncAPI document with generated values, until Ctrl-C.')
    .argument('<file>', 'the document, in JSON or YAML')
  addMockFlags(command)
  addConnectionFlags(command)
  addOutputFlags(command)
  command.addHelpText('after', exampleText('mock'))
  command.action((file: string, flags: MockFlags) =>
    start(async () => {
      const { runMock } = await import('../contract/run-mock.js')
      return runMock(file, flags, host)
    }),
  )
}
