import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { ConnectionFlags } from './connection-flags.js'
import type { OutputFlags } from './output-flags.js'
import { duration, wholeNumber } from './parsers.js'

/** What a mock does wrong, by the names of operations; `*` is every operation. */
export type MockFaults = Readonly<
  Record<string, 'duplicate' | 'failure' | 'malformed' | 'silence' | { readonly delay: number }>
>

/** The options of `antiphon mock`. */
export interface MockFlags extends ConnectionFlags, OutputFlags {
  readonly seed?: number
  readonly fault?: MockFaults
}

/** Adds the options of a mock to a command. */
export function addMockFlags(command: Command): Command {
  const option = (flags: string, about: string): Option => new Option(flags, about).helpGroup('Mock options:')
  return command
    .addOption(
      option('--seed <number>', 'equal seeds give equal responses (default: 1)').argParser(wholeNumber(0)),
    )
    .addOption(
      option(
        '--fault <operation=fault>',
        'silence, failure, malformed, duplicate, or a delay such as 500ms; * is every operation; may be repeated',
      ).argParser(fault),
    )
}

function fault(text: string, previous: MockFaults = {}): MockFaults {
  const [, operation = '', name = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  switch (name) {
    case 'duplicate':
    case 'failure':
    case 'malformed':
    case 'silence':
      return { ...previous, [operation]: name }
    case '':
      throw new InvalidArgumentError('it must be <operation>=<fault>')
    default:
      return { ...previous, [operation]: { delay: duration(name) } }
  }
}
